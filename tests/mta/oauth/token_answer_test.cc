// Answers of token endpoints: tokens, refusals, and malformed ones.
#include "mta/oauth/token_answer.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::auth::Secret;
using mta::http_client::Response;
using mta::oauth::read_token_answer;
using mta::oauth::TokenAnswer;

Result<TokenAnswer> read(int status, const std::string& content, const std::string& sent = "") {
  return read_token_answer(Response{status, "application/json", Secret(content)}, {Secret(sent)});
}

std::string failure(const Result<TokenAnswer>& answer) { return answer ? "none" : answer.error().message; }

std::string with(const std::string& members) { return R"({"access_token":"abc")" + members + "}"; }

}  // namespace

TEST_CASE("token answer: tokens are taken with their lifetime") {
  const std::string access(4000, 'a');
  const auto answer = read(200, R"({"token_type":"bearer","access_token":")" + access +
                                    R"(","expires_in":3599,"refresh_token":"new","scope":"x","nested":{"access_token":"no"}})");
  REQUIRE(failure(answer) == "none");
  REQUIRE(answer->tokens);
  CHECK(answer->tokens->access.reveal() == access);
  CHECK(answer->tokens->refresh.reveal() == "new");
  CHECK(answer->tokens->lifetime == 3599s);
  CHECK(read(200, with(""))->tokens->refresh.empty());
}

TEST_CASE("token answer: a lifetime that makes no sense becomes one that does") {
  const std::pair<std::string, Duration> rows[] = {
      {"", 1h},
      {R"(,"expires_in":"3600")", 1h},
      {R"(,"expires_in":"soon")", 1h},
      {R"(,"expires_in":null)", 1h},
      {R"(,"expires_in":0)", 1min},
      {R"(,"expires_in":-5)", 1min},
      {R"(,"expires_in":120.5)", 120500ms},
      {R"(,"expires_in":99999999999999999999)", 24h},
      {R"(,"expires_in":1e308)", 24h},
      {R"(,"expires_in":"1e999")", 1h},
      {R"(,"expires_in":"nan")", 1h},
  };
  for (const auto& [members, lifetime] : rows) {
    INFO(members);
    const auto answer = read(200, with(members));
    REQUIRE(failure(answer) == "none");
    CHECK(answer->tokens->lifetime == lifetime);
  }
}

TEST_CASE("token answer: a refusal has the provider's words, cleaned, without what was sent") {
  const auto answer = read(400, R"({"error":"invalid_grant","error_description":"AADSTS700082: expired\r\n\u001b[31mred"})");
  REQUIRE(failure(answer) == "none");
  CHECK_FALSE(answer->tokens);
  CHECK(answer->refusal.in_words() == "invalid_grant: AADSTS700082: expired [31mred");
  const std::string secret = "a-secret-of-more-than-thirty-two-characters";
  const auto quoting = read(400, R"({"error":"invalid_grant","error_description":"bad: )" + secret.substr(0, 35) + R"("})", secret);
  CHECK(quoting->refusal.in_words() == "invalid_grant");
  CHECK(read(400, R"({"error":")" + secret + R"("})", secret)->refusal.code == "another refusal");
  CHECK(read(200, R"({"error":"authorization_pending"})")->refusal.code == "authorization_pending");
}

TEST_CASE("token answer: nothing that the host says but known codes is in what is logged") {
  const auto answer = read(400, R"({"error":"invalid_grant","error_description":"AADSTS700082: refresh_token=1%2F%2F0gAb"})", "1//0gAb");
  CHECK(answer->refusal.in_brief() == "invalid_grant, AADSTS700082");
  CHECK(answer->refusal.in_words() == "invalid_grant, AADSTS700082");
  CHECK(read(400, R"({"error":"refresh_token=1%2F%2F0gAb"})", "1//0gAb")->refusal.in_brief() == "another refusal");
  CHECK(read(400, R"({"error":"x","error_description":"AADSTS12345678901234567890"})")->refusal.in_brief() ==
        "another refusal, AADSTS12345678");
  CHECK(read(400, R"({"error":"x","error_description":"AADSTSsecret"})")->refusal.in_brief() == "another refusal");
  const auto other = read_token_answer(Response{400, "text/refresh_token=1//0gab", Secret("no JSON")}, {});
  CHECK_FALSE(other);
  CHECK(failure(other).find("0gab") == std::string::npos);
}

TEST_CASE("token answer: what is neither tokens nor a refusal is the host's failure") {
  CHECK_THAT(failure(read(200, "<html>sign in</html>")), Catch::Contains("status 200") && Catch::Contains("no JSON"));
  CHECK_THAT(failure(read(503, "busy")), Catch::Contains("status 503"));
  CHECK_THAT(failure(read(500, R"({"error":"invalid_grant"})")), Catch::Contains("status 500"));
  CHECK_THAT(failure(read(429, R"({"error":"slow_down"})")), Catch::Contains("status 429"));
  CHECK_THAT(failure(read(302, "{}")), Catch::Contains("status 302"));
  CHECK_THAT(failure(read(200, "[]")), Catch::Contains("no JSON object"));
  CHECK_THAT(failure(read(200, "")), Catch::Contains("no JSON"));
  CHECK_THAT(failure(read(200, with("").substr(0, 15))), Catch::Contains("no JSON") && !Catch::Contains("abc"));
  CHECK_THAT(failure(read(200, "{}")), Catch::Contains("no access token"));
  CHECK_THAT(failure(read(200, R"({"access_token":5})")), Catch::Contains("no access token"));
  CHECK_THAT(failure(read(200, R"({"access_token":"a b"})")), Catch::Contains("no access token"));
  CHECK_THAT(failure(read(200, R"({"access_token":"a\u0001b"})")), Catch::Contains("no access token"));
  CHECK_THAT(failure(read(200, with(R"(,"refresh_token":"a\nb")"))), Catch::Contains("damaged refresh token"));
  CHECK_THAT(failure(read(200, with(R"(,"token_type":"mac")"))), Catch::Contains("none of type Bearer"));
  CHECK_THAT(failure(read(200, R"({"access_token":")" + std::string(9001, 'a') + "\"}")), Catch::Contains("9001"));
  CHECK_THAT(failure(read(200, std::string(10'000, '['))), Catch::Contains("no JSON"));
}

}  // namespace mxpress::testing
