// Signing in against GNU SASL's own server side, and what a host must not make us do.
#include "mta/auth/sasl_client.h"

#include <gsasl.h>

#include <catch2/catch.hpp>

#include "mta/config/route_config.h"
#include "proto/encoding.h"

namespace mxpress::testing {
namespace {

using mta::auth::Channel;
using mta::auth::choose_mechanisms;
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

// The other side, by the same library's server.
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
  // The next challenge; GSASL_OK: it knows the client.
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

// As SMTP carries it: true if the host knows the client at the end.
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
    if (code == GSASL_OK) break;  // the last challenge proves the host; the client has nothing to add
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

}  // namespace mxpress::testing
