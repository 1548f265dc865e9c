// Rates that hosts teach.
#include "mta/rates/learned_pace.h"

#include <catch2/catch.hpp>

#include "mta/rates/account.h"

using namespace mxpress;
using namespace mxpress::mta::rates;
using namespace std::chrono_literals;
using mta::RateRule;

namespace {

const Instant kStart = Instant(1h);

Account with(Account::Kind kind) {
  Account account;
  const RateRule rule{"provider big", {{160, 1s}}, {}};
  account.apply(&rule, kind);
  return account;
}

}  // namespace

TEST_CASE("learned pace: a refusal halves the rate, and a 16th comes back every ten minutes") {
  LearnedPace pace;
  CHECK(pace.of(160, kStart) == 160);
  pace.refused(kStart);
  CHECK(pace.of(160, kStart) == 80);
  CHECK(pace.of(160, kStart + LearnedPace::kGrowAfter) == 90);
  pace.refused(kStart + LearnedPace::kGrowAfter);
  CHECK(pace.of(160, kStart + LearnedPace::kGrowAfter) == 40);
  CHECK_FALSE(pace.is_whole(kStart + 2h));
  CHECK(pace.is_whole(kStart + 3h));
  CHECK(pace.of(160, kStart + 300h) == 160);
}

TEST_CASE("learned pace: refusals of mail that was under way count as one") {
  LearnedPace pace;
  for (int i = 0; i < 10; ++i) pace.refused(kStart);
  CHECK(pace.of(160, kStart) == 80);
  pace.refused(kStart + LearnedPace::kSettle);
  CHECK(pace.of(160, kStart + LearnedPace::kSettle) == 40);
}

TEST_CASE("learned pace: a 16th of the rate, and one message, is the least") {
  LearnedPace pace;
  for (int i = 0; i < 20; ++i) pace.refused(kStart + i * LearnedPace::kSettle);
  CHECK(pace.of(160, kStart + 20min) == 10);
  CHECK(pace.of(3, kStart + 20min) == 1);
  CHECK(pace.of(10'000'000, kStart + 20min) == 625'000);
}

TEST_CASE("account: the rate of a provider is an estimate, which refusals lower; that of a route is not") {
  for (const bool is_estimate : {true, false}) {
    Account account = with(is_estimate ? Account::Kind::estimate : Account::Kind::exact);
    account.refused(kStart);
    CHECK(account.free(kStart).messages == (is_estimate ? 80 : 160));
    CHECK(account.status(kStart).front().most == (is_estimate ? 80u : 160u));
    CHECK(account.status(kStart).front().limit == (is_estimate ? "160/s, now 80/s after refusals" : "160/s"));
  }
}

TEST_CASE("account: after refusals mail waits until the lower rate allows it") {
  Account account = with(Account::Kind::estimate);
  account.take({80, 80});
  account.count({80, 80}, kStart);
  CHECK_FALSE(account.waits(kStart));
  account.refused(kStart);
  const auto wait = account.waits(kStart);
  REQUIRE(wait);
  REQUIRE(wait->until);
  CHECK(*wait->until > kStart);
  CHECK(*wait->until <= kStart + 2s);
}
