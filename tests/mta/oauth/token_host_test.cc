// Requests to a provider, and the wait for a code.
#include "mta/oauth/token_host.h"

#include <catch2/catch.hpp>

#include "mta/oauth/device_wait.h"
#include "mta/oauth/pkce.h"
#include "proto/form.h"
#include "tests/mta/oauth/scripted_provider.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::auth::Secret;
using mta::oauth::DeviceGrant;
using mta::oauth::TokenHost;
using mta::oauth::Tokens;
using proto::form_value;

const std::string kTokens = R"({"access_token":"access","refresh_token":"refresh","expires_in":3600})";
const std::string kPending = R"({"error":"authorization_pending"})";

struct Waited {
  Result<Tokens> result;
  std::vector<Duration> pauses;
};

Waited wait(std::vector<ScriptedProvider::Answer> answers, Duration lifetime = 15min) {
  ScriptedProvider provider{std::move(answers)};
  const TokenHost host(client_of("microsoft"), provider.ask());
  const DeviceGrant grant{Secret("device-code"), "ABC", "https://example.com/", lifetime, 5s};
  std::vector<Duration> pauses;
  auto result = wait_for_person(host, grant, [&](Duration pause) { pauses.push_back(pause); });
  for (const std::string& form : provider.asked) CHECK(form_value(form, "device_code") == "device-code");
  return {std::move(result), std::move(pauses)};
}

std::string failure(const Waited& waited) { return waited.result ? "none" : waited.result.error().message; }

}  // namespace

TEST_CASE("token host: a refresh has the token, the client and its secret, and the scope") {
  ScriptedProvider provider{{{200, kTokens}}};
  REQUIRE(TokenHost(client_of("google", "s&cret"), provider.ask()).refresh(Secret("1//refresh+token")));
  CHECK(provider.hosts.at(0) == "https://oauth2.googleapis.com/token");
  const std::string& form = provider.asked.at(0);
  CHECK(form_value(form, "grant_type") == "refresh_token");
  CHECK(form_value(form, "refresh_token") == "1//refresh+token");
  CHECK(form_value(form, "client_id") == "client-1");
  CHECK(form_value(form, "client_secret") == "s&cret");
  CHECK(form_value(form, "scope") == "https://mail.google.com/");
}

TEST_CASE("token host: a client without a secret sends none, and failures name the host") {
  ScriptedProvider provider{{{500, "oops"}}};
  const auto answer = TokenHost(client_of("microsoft"), provider.ask()).refresh(Secret("refresh"));
  CHECK_FALSE(form_value(provider.asked.at(0), "client_secret"));
  REQUIRE_FALSE(answer);
  CHECK_THAT(answer.error().message, Catch::StartsWith("login.microsoftonline.com: status 500"));
}

TEST_CASE("token host: Microsoft's tenant is a part of its addresses") {
  mta::OAuthConfig config;
  config.provider = "microsoft";
  CHECK(mta::endpoints_of(config).device->text() == "https://login.microsoftonline.com/common/oauth2/v2.0/devicecode");
  config.tenant = "example.com";
  CHECK(mta::endpoints_of(config).token->text() == "https://login.microsoftonline.com/example.com/oauth2/v2.0/token");
}

TEST_CASE("device code: what the person needs is there, cleaned, and times that make no sense are bounded") {
  ScriptedProvider provider{
      {{200, R"({"device_code":"d","user_code":"AB\u001bC","verification_uri":"https://example.com/d","interval":0,"expires_in":1e20})"},
       {200, R"({"device_code":"d","user_code":"ABC","verification_url":"https://example.com/d"})"},
       {200, R"({"device_code":"d","user_code":"ABC"})"},
       {400, R"({"error":"unauthorized_client","error_description":"no"})"},
       {404, "<html>"}}};
  const TokenHost host(client_of("microsoft"), provider.ask());
  const auto odd = host.begin_device();
  REQUIRE(odd);
  CHECK(form_value(provider.asked.at(0), "scope") == "https://outlook.office.com/SMTP.Send offline_access");
  CHECK(odd->user_code == "ABC");
  CHECK(odd->interval == 1s);
  CHECK(odd->lifetime == 24h);
  const auto usual = host.begin_device();
  REQUIRE(usual);
  CHECK(usual->verification_uri == "https://example.com/d");
  CHECK(usual->interval == 5s);
  CHECK(usual->lifetime == 15min);
  CHECK_THAT(host.begin_device().error().message, Catch::Contains("no code"));
  CHECK_THAT(host.begin_device().error().message, Catch::Contains("unauthorized_client no"));
  CHECK_THAT(host.begin_device().error().message, Catch::Contains("status 404"));
}

TEST_CASE("device code: pending and slow_down are waited out, and slow_down makes each wait longer") {
  const auto waited = wait({{400, kPending}, {400, R"({"error":"slow_down"})"}, {400, kPending}, {200, kTokens}});
  REQUIRE(failure(waited) == "none");
  CHECK(waited.result->refresh.reveal() == "refresh");
  CHECK(waited.pauses == std::vector<Duration>{5s, 5s, 10s, 10s});
}

TEST_CASE("device code: denied, expired and refused end the wait with what happened") {
  CHECK_THAT(failure(wait({{400, R"({"error":"access_denied"})"}})), Catch::Contains("said no"));
  CHECK_THAT(failure(wait({{400, R"({"error":"authorization_declined"})"}})), Catch::Contains("said no"));
  CHECK_THAT(failure(wait({{400, kPending}, {400, R"({"error":"expired_token"})"}})), Catch::Contains("not entered in time"));
  CHECK_THAT(failure(wait({{401, R"({"error":"invalid_client","error_description":"who?"})"}})), Catch::Contains("invalid_client: who?"));
}

TEST_CASE("device code: failures of the network make the next question later, and do not end the wait before its time") {
  const ScriptedProvider::Answer dead{0, "", "login.example.com: connection refused"};
  const auto waited = wait({dead, dead, {503, "<html>"}, {200, kTokens}});
  CHECK(failure(waited) == "none");
  CHECK(waited.pauses == std::vector<Duration>{5s, 10s, 20s, 40s});
  const auto late = wait({dead, dead, dead}, 30s);
  CHECK_THAT(failure(late), Catch::Contains("not entered in time; ") && Catch::Contains("connection refused"));
  CHECK(late.pauses == std::vector<Duration>{5s, 10s});
}

TEST_CASE("authorization code: the address has what binds the answer to the question, and the code is redeemed with it") {
  ScriptedProvider provider{{{200, kTokens}}};
  const TokenHost host(client_of("google"), provider.ask());
  const mta::oauth::Authorization request{"the-state", "the-verifier", "http://127.0.0.1:4711/", "me@example.com"};
  const std::string url = host.authorization_url(request);
  const std::string query = url.substr(url.find('?') + 1);
  CHECK_THAT(url, Catch::StartsWith("https://accounts.google.com/o/oauth2/v2/auth?"));
  CHECK(form_value(query, "state") == "the-state");
  CHECK(form_value(query, "redirect_uri") == "http://127.0.0.1:4711/");
  CHECK(form_value(query, "code_challenge") == mta::oauth::challenge_of("the-verifier"));
  CHECK(form_value(query, "code_challenge_method") == "S256");
  CHECK(form_value(query, "access_type") == "offline");
  CHECK(url.find("the-verifier") == url.npos);
  REQUIRE(host.redeem(Secret("4/code"), request));
  const std::string& form = provider.asked.at(0);
  CHECK(form_value(form, "grant_type") == "authorization_code");
  CHECK(form_value(form, "code") == "4/code");
  CHECK(form_value(form, "code_verifier") == "the-verifier");
  CHECK(form_value(form, "redirect_uri") == "http://127.0.0.1:4711/");
}

TEST_CASE("pkce: the example of RFC 7636 appendix B, and texts that do not come again") {
  CHECK(mta::oauth::challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  const std::string one = mta::oauth::random_text();
  CHECK(one.size() == 43);
  CHECK(one.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == one.npos);
  CHECK(one != mta::oauth::random_text());
}

}  // namespace mxpress::testing
