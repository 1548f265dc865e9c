// Secrets in texts of hosts.
#include "mta/auth/login.h"

#include <catch2/catch.hpp>

#include "mta/config/route_config.h"
#include "proto/encoding.h"

namespace mxpress::testing {
namespace {

using mta::auth::Login;
using mta::auth::repeats_secret;
using mta::auth::Secret;

Login login_of(const std::string& secret, bool is_token) {
  Login login;
  login.user = "me@here.example";
  login.password = Secret(secret);
  login.kind = is_token ? mta::SecretKind::token : mta::SecretKind::password;
  return login;
}

// Like a token: no part occurs twice.
std::string token_of(std::size_t length) {
  std::string token;
  for (std::size_t i = 0; token.size() < length; ++i) token += std::to_string(i * 7919) + "-";
  return token.substr(0, length);
}

}  // namespace

TEST_CASE("secret: a password is found in clear and as it went over the wire") {
  const Login login = login_of("right horse", false);
  CHECK(repeats_secret("535 no: right horse", login));
  CHECK(repeats_secret("535 no: " + proto::base64("right horse"), login));
  CHECK(repeats_secret("535 no: " + proto::base64(std::string("\0me@here.example\0right horse", 28)), login));
  CHECK_FALSE(repeats_secret("535 5.7.8 authentication failed", login));
}

TEST_CASE("secret: blanks and line ends do not hide it") {
  const Login login = login_of("correct horse", false);
  CHECK(repeats_secret("you are correct horse", login));
  CHECK(repeats_secret("you are corr\nect horse", login_of("correcthorse", false)));
  CHECK(repeats_secret("c o r r e c t h o r s e", login_of("correcthorse", false)));
  CHECK_FALSE(repeats_secret("you are a horse", login));
}

TEST_CASE("secret: a piece of a token is enough, in clear or in base64, wherever the piece begins") {
  const std::string token = token_of(4000);
  const Login login = login_of(token, true);
  for (std::size_t begin = 0; begin < 100; ++begin) {
    INFO(begin);
    CHECK(repeats_secret("535 no: " + token.substr(begin, 63), login));
    for (std::size_t before = 0; before < 3; ++before) {
      const std::string wire = proto::base64(std::string(before, 'u') + token);
      CHECK(repeats_secret("535 no: " + wire.substr(begin + 4, 63), login));
    }
  }
  CHECK(repeats_secret("535 no: " + token.substr(4000 - 64), login));
  CHECK_FALSE(repeats_secret("250 2.0.0 OK  1764470000 d2e1a72fcca58-7b9e5a0d1b2sm1234567b3a.12 - gsmtp", login));
  CHECK_FALSE(repeats_secret(
      "535 5.7.3 Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com 2026-11-30T00:00:00.000Z 08DE]", login));
}

}  // namespace mxpress::testing
