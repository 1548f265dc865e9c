// Signing in against GNU SASL's own server side, and protection against hostile hosts.
#include "mta/auth/sasl_client.h"

#include <gsasl.h>

#include <catch2/catch.hpp>

#include "mta/config/route_config.h"
#include "proto/encoding.h"

namespace mxpress::testing {
namespace {

using mta::auth::Channel;
using mta::auth::choose_mechanisms;
using mta::auth::is_known_by_certificate;
using mta::auth::Login;
using mta::auth::SaslClient;
using mta::auth::Secret;

Login login_of(const std::string& user, const std::string& password) {
  Login login;
  login.name = "provider";
  login.user = user;
  login.password = Secret(password);
  return login;
}

// The server side, by the same library.
class Server {
 public:
  Server(const std::string& mechanism, const std::string& password, const std::string& binding) : password_(password), binding_(binding) {
    REQUIRE(gsasl_init(&context_) == GSASL_OK);
    gsasl_callback_set(context_, answer);
    gsasl_callback_hook_set(context_, this);
    REQUIRE(gsasl_server_start(context_, mechanism.c_str(), &session_) == GSASL_OK);
  }
  ~Server() {
    gsasl_finish(session_);
    gsasl_done(context_);
  }
  // The next challenge; GSASL_OK: the client is authenticated.
  int step(const std::string& octets, std::string& challenge) {
    char* output = nullptr;
    std::size_t size = 0;
    const int code = gsasl_step(session_, octets.data(), octets.size(), &output, &size);
    challenge.assign(output ? output : "", output ? size : 0);
    gsasl_free(output);
    return code;
  }

 private:
  static int answer(Gsasl* context, Gsasl_session* session, Gsasl_property property) {
    auto& self = *static_cast<Server*>(gsasl_callback_hook_get(context));
    switch (property) {
      case GSASL_PASSWORD:
        return gsasl_property_set(session, property, self.password_.c_str());
      case GSASL_CB_TLS_EXPORTER:
        if (self.binding_.empty()) return GSASL_NO_CALLBACK;
        return gsasl_property_set(session, property, proto::base64(self.binding_).c_str());
      case GSASL_VALIDATE_SIMPLE:
        return gsasl_property_fast(session, GSASL_PASSWORD) == self.password_ ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
      default:
        return GSASL_NO_CALLBACK;
    }
  }
  std::string password_, binding_;
  Gsasl* context_ = nullptr;
  Gsasl_session* session_ = nullptr;
};

// The exchange as in SMTP: true if the client is authenticated at the end.
bool signs_in(const std::string& mechanism, const Login& login, const std::string& servers_password, const Channel& channel,
              const std::string& servers_binding) {
  Server server(mechanism, servers_password, servers_binding);
  SaslClient client(mechanism, login, channel);
  std::string octets, challenge;
  int code = GSASL_NEEDS_MORE;
  if (client.begins()) {
    const auto first = client.step({});
    if (!first) return false;
    octets = *first;
    code = server.step(octets, challenge);
  } else {
    code = server.step("", challenge);
  }
  while (code == GSASL_NEEDS_MORE || (code == GSASL_OK && !challenge.empty())) {
    const auto next = client.step(challenge);
    if (!next) return false;
    if (code == GSASL_OK) break;  // the last challenge proves the host's identity; the client has nothing to add
    code = server.step(*next, challenge);
  }
  return code == GSASL_OK && client.is_complete();
}

constexpr const char* kBinding = "0123456789abcdef0123456789abcdef";

}  // namespace

TEST_CASE("sasl: each mechanism signs in with the right password, and with no other") {
  const std::string mechanism =
      GENERATE("SCRAM-SHA-256", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "CRAM-MD5", "PLAIN", "LOGIN");
  INFO(mechanism);
  const Channel channel{true, kBinding};
  const std::string binding = mechanism.ends_with("-PLUS") ? kBinding : "";
  CHECK(signs_in(mechanism, login_of("me@here.example", "p\xC3\xA4ss word"), "p\xC3\xA4ss word", channel, binding));
  CHECK_FALSE(signs_in(mechanism, login_of("me@here.example", "other"), "secret", channel, binding));
}

TEST_CASE("sasl: PLUS fails where somebody stands between the two ends of TLS") {
  CHECK_FALSE(signs_in("SCRAM-SHA-256-PLUS", login_of("me", "secret"), "secret", {true, kBinding}, std::string(32, 'x')));
}

TEST_CASE("sasl: SCRAM is not complete before the host has proved that it knows the password") {
  SaslClient client("SCRAM-SHA-256", login_of("me", "secret"), {});
  const auto first = client.step({});
  REQUIRE(first);
  const std::string nonce = first->substr(first->rfind("r=") + 2);
  REQUIRE(client.step("r=" + nonce + "abc,s=c2FsdA==,i=4096"));
  CHECK_FALSE(client.is_complete());
  CHECK_FALSE(client.step("v=" + proto::base64(std::string(32, 'x'))));
  CHECK_FALSE(client.is_complete());
}

TEST_CASE("sasl: a host that asks for too many iterations is not obeyed") {
  const auto answer = [](const std::string& iterations) {
    SaslClient client("SCRAM-SHA-1", login_of("me", "secret"), {});
    const auto first = client.step({});
    return client.step("r=" + first->substr(first->rfind("r=") + 2) + "abc,s=c2FsdA==,i=" + iterations);
  };
  CHECK(answer("4096"));
  CHECK(answer(std::to_string(SaslClient::kMaxIterations)));
  CHECK_FALSE(answer(std::to_string(SaslClient::kMaxIterations + 1)));
  CHECK_FALSE(answer("99999999999999999999"));
}

TEST_CASE("sasl: challenges without end are an error") {
  SaslClient client("LOGIN", login_of("me", "secret"), {});
  int steps = 0;
  while (steps < 100 && client.step("User Name")) ++steps;
  CHECK(steps <= SaslClient::kMaxSteps);
}

TEST_CASE("sasl: the order is our own, PLUS needs a binding, and the password is shown to a proved host only") {
  struct Row {
    std::vector<std::string> offered;
    Channel channel;
    bool allow_cleartext;
    std::vector<std::string> expected;
  };
  const std::vector<std::string> all = {"ntlm", "login", "plain", "cram-md5", "scram-sha-1", "scram-sha-256", "scram-sha-256-plus"};
  const std::vector<Row> rows = {
      {all, {true, kBinding}, false, {"SCRAM-SHA-256-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"}},
      {all, {true, ""}, false, {"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN", "CRAM-MD5"}},
      {all, {false, ""}, false, {"SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5"}},
      {{"PLAIN"}, {false, ""}, true, {"PLAIN"}},
      {{"PLAIN"}, {false, ""}, false, {}},
      {{"GSSAPI"}, {true, ""}, true, {}},
      {{}, {true, ""}, true, {}},
  };
  for (const Row& row : rows) {
    Login login = login_of("me", "secret");
    login.allow_cleartext = row.allow_cleartext;
    const auto choice = choose_mechanisms(row.offered, login, row.channel);
    CHECK(choice.mechanisms == row.expected);
    CHECK(choice.failure.empty() == !row.expected.empty());
  }
  Login login = login_of("me", "secret");
  login.mechanisms = {"CRAM-MD5", "SCRAM-SHA-1"};
  CHECK(choose_mechanisms(all, login, {true, kBinding}).mechanisms == login.mechanisms);
}

TEST_CASE("sasl: a token is shown to a proved host only, by its own mechanisms, and a password by none of them") {
  const std::vector<std::string> all = {"plain", "login", "xoauth2", "scram-sha-256", "oauthbearer"};
  Login token = login_of("me@here.example", "token");
  token.kind = mta::SecretKind::token;
  token.allow_cleartext = true;
  CHECK(choose_mechanisms(all, token, {true, ""}).mechanisms == std::vector<std::string>{"OAUTHBEARER", "XOAUTH2"});
  CHECK_THAT(choose_mechanisms(all, token, {false, ""}).failure, Catch::Contains("gets no access token"));
  CHECK(choose_mechanisms(all, token, {false, ""}).mechanisms.empty());
  CHECK_THAT(choose_mechanisms({"PLAIN", "SCRAM-SHA-256"}, token, {true, kBinding}).failure,
             Catch::Contains("by OAUTHBEARER, XOAUTH2 only with an access token"));
  CHECK(choose_mechanisms(all, login_of("me", "secret"), {true, ""}).mechanisms ==
        std::vector<std::string>{"SCRAM-SHA-256", "PLAIN", "LOGIN"});
  CHECK(choose_mechanisms({"XOAUTH2", "OAUTHBEARER"}, login_of("me", "secret"), {true, ""}).mechanisms.empty());
  token.mechanisms = {"XOAUTH2"};
  CHECK(choose_mechanisms(all, token, {true, ""}).mechanisms == token.mechanisms);
}

TEST_CASE("sasl: the messages that show a token are those of RFC 7628 4.1 and of Google's and Microsoft's pages") {
  Login login = login_of("user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
  login.kind = mta::SecretKind::token;
  const Channel channel{true, "", "server.example.com", 143};
  SaslClient bearer("OAUTHBEARER", login, channel);
  CHECK(bearer.begins());
  CHECK_FALSE(bearer.is_complete());
  CHECK(proto::base64(bearer.step({}).value()) ==
        "bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1sem"
        "RHRXVZMjl0Q2c9PQEB");
  CHECK(bearer.is_complete());
  login = login_of("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg");
  login.kind = mta::SecretKind::token;
  SaslClient google("XOAUTH2", login, channel);
  CHECK(proto::base64(google.step({}).value()) ==
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ==");
}

TEST_CASE("sasl: a certificate signs in by EXTERNAL, by nothing else, and only where the host has asked for it") {
  Login login = login_of("", "certificate and key");
  login.kind = mta::SecretKind::certificate;
  const Channel asked{true, "", "mx.there.example", 587, true}, not_asked{true, "", "mx.there.example", 587, false};
  CHECK(choose_mechanisms({"plain", "external"}, login, asked).mechanisms == std::vector<std::string>{"EXTERNAL"});
  CHECK(choose_mechanisms({"EXTERNAL"}, login, not_asked).mechanisms.empty());
  CHECK_THAT(choose_mechanisms({"EXTERNAL"}, login, not_asked).failure, Catch::Contains("has not asked for this host's certificate"));
  CHECK(choose_mechanisms({"EXTERNAL"}, login_of("me", "secret"), asked).mechanisms.empty());
  CHECK(is_known_by_certificate({"PLAIN"}, login, asked));
  CHECK(is_known_by_certificate({}, login, asked));
  CHECK_FALSE(is_known_by_certificate({}, login, not_asked));
  CHECK_FALSE(is_known_by_certificate({"external"}, login, asked));
  CHECK_FALSE(is_known_by_certificate({}, login_of("me", "secret"), asked));
}

TEST_CASE("sasl: EXTERNAL tells the authorization identity, empty where there is none") {
  Login login = login_of("", "certificate and key");
  login.kind = mta::SecretKind::certificate;
  SaslClient nobody("EXTERNAL", login, {});
  CHECK(nobody.begins());
  CHECK(nobody.step({}).value().empty());
  CHECK(nobody.is_complete());
  login.user = "other@there.example";
  CHECK(SaslClient("EXTERNAL", login, {}).step({}).value() == "other@there.example");
}

TEST_CASE("sasl: a user name with separators stays one in OAUTHBEARER") {
  Login login = login_of("a,b=c", "token");
  login.kind = mta::SecretKind::token;
  SaslClient client("OAUTHBEARER", login, {true, "", "mx.there.example", 587});
  CHECK_THAT(client.step({}).value(), Catch::StartsWith("n,a=a=2Cb=3Dc,\x01"));
}

TEST_CASE("sasl: a challenge behind the token is a refusal, and its answer completes nothing") {
  Login login = login_of("me", "token");
  login.kind = mta::SecretKind::token;
  for (const auto& [mechanism, answer] : {std::pair("OAUTHBEARER", "\x01"), std::pair("XOAUTH2", "")}) {
    SaslClient client(mechanism, login, {true, "", "mx.there.example", 587});
    REQUIRE(client.step({}));
    CHECK(client.step(R"({"status":"invalid_token"})").value() == answer);
    CHECK_FALSE(client.is_complete());
    CHECK_FALSE(client.step("more"));
    CHECK_FALSE(client.is_complete());
  }
}

TEST_CASE("sasl: what has characters that no token has is not shown") {
  for (const std::string token : {"", "a b",
                                  "a\x01"
                                  "auth=Bearer b",
                                  "a\n", "a\xC3\xA4"}) {
    Login login = login_of("me", token);
    login.kind = mta::SecretKind::token;
    SaslClient client("XOAUTH2", login, {true, "", "mx.there.example", 587});
    const auto message = client.step({});
    REQUIRE_FALSE(message);
    CHECK_THAT(message.error().message, Catch::Contains("no access token"));
  }
}

}  // namespace mxpress::testing
