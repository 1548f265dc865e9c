// The times of fetches, and their effect on the login.
#include "mta/auth/login_state.h"

#include <catch2/catch.hpp>

#include "mta/auth/login.h"

namespace mxpress::testing {
namespace {

using mta::auth::FetchedSecret;
using mta::auth::Instant;
using mta::auth::LoginState;
using mta::auth::Secret;
using Asked = LoginState::Asked;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

mta::CredentialsConfig credentials() {
  mta::CredentialsConfig config;
  config.user = "me@provider.example";
  config.mechanisms = {"PLAIN"};
  return config;
}

Result<FetchedSecret> secret(const std::string& text, std::optional<Duration> lifetime = {}) {
  return FetchedSecret{Secret(text), lifetime};
}
Result<FetchedSecret> failure(const std::string& why = "the command ended with status 1") { return Error::transient(why); }

// A state with its clock.
struct Fetching {
  LoginState state{"provider", credentials(), Asked::whenever_due};
  Instant now{hours(100)};

  LoginState::News fetch(const Result<FetchedSecret>& result) {
    state.begin_fetch(now);
    return state.end_fetch(result, now);
  }
  // Time until the next fetch; Duration::max(): there is none.
  Duration wait() const { return state.due() == Instant::max() ? Duration::max() : std::max(state.due(), now) - now; }
  std::string password() const { return state.login()->password.reveal(); }
  // The gaps between this many fetches with the same result.
  std::vector<Duration> gaps(int count, const std::function<void()>& fetch_once) {
    std::vector<Duration> gaps;
    for (int i = 0; i < count; ++i) {
      fetch_once();
      gaps.push_back(wait());
      now += wait();
    }
    return gaps;
  }
};

}  // namespace

TEST_CASE("login state: it wants a secret at once, and until then a login says that it has none") {
  Fetching f;
  CHECK(f.wait() == Duration(0));
  CHECK(f.state.login()->password.empty());
  CHECK_THAT(f.state.login()->failure, Catch::Contains("[credentials.provider] is being fetched"));
  CHECK(f.state.failure() == "");
  const auto news = f.fetch(secret("first"));
  CHECK(news.login);
  CHECK_FALSE(news.first_failure);
  CHECK_FALSE(news.end_of_failure);
  CHECK(*f.state.login() == mta::auth::Login{"provider", "me@provider.example", Secret("first"), "", {"PLAIN"}, false});
  CHECK(f.wait() == Duration::max());
}

TEST_CASE("login state: a secret with a lifetime is fetched again before its end, and one that comes back the same is no news") {
  const std::pair<Duration, Duration> rows[] = {
      {hours(1), minutes(55)}, {minutes(4), minutes(3)}, {seconds(4), seconds(5)}, {Duration(0), seconds(5)}, {-hours(1), seconds(5)}};
  for (const auto& [lifetime, wait] : rows) {
    Fetching f;
    f.fetch(secret("token", lifetime));
    CHECK(f.wait() == wait);
  }
  Fetching f;
  f.fetch(secret("token", hours(1)));
  const auto before = f.state.login();
  f.now += f.wait();
  CHECK_FALSE(f.fetch(secret("token", hours(1))).login);
  CHECK(f.state.login() == before);
  CHECK(f.fetch(secret("next", hours(1))).login);
}

TEST_CASE("login state: a fetch that fails is tried again, at first soon and then every five minutes, and told once") {
  Fetching f;
  int first_failures = 0;
  const auto gaps = f.gaps(9, [&] { first_failures += f.fetch(failure()).first_failure; });
  CHECK(gaps == std::vector<Duration>{seconds(5), seconds(10), seconds(20), seconds(40), seconds(80), seconds(160), minutes(5), minutes(5),
                                      minutes(5)});
  CHECK(first_failures == 1);
  CHECK(f.state.failure() == "the command ended with status 1");
  CHECK(f.state.login()->failure == "the command ended with status 1");
  const auto news = f.fetch(secret("works"));
  CHECK(news.end_of_failure);
  CHECK(news.login);
  CHECK(f.state.failure() == "");
  CHECK(f.state.login()->failure == "");
  CHECK(f.fetch(failure()).first_failure);
  CHECK(f.wait() == seconds(5));
}

TEST_CASE("login state: while a failure lasts the words of the latest one are told") {
  Fetching f;
  f.fetch(failure("the runner is not there"));
  CHECK(f.fetch(failure("the command hangs")).login);
  CHECK(f.state.login()->failure == "the command hangs");
  CHECK(f.state.failure() == "the command hangs");
}

TEST_CASE("login state: a login that was fetched serves until its lifetime is over, whatever fails meanwhile") {
  Fetching f;
  f.fetch(secret("token", hours(1)));
  f.now += minutes(55);
  auto news = f.fetch(failure());
  CHECK(news.first_failure);
  CHECK_FALSE(news.login);
  CHECK(f.password() == "token");
  CHECK(f.state.failure() != "");
  f.now += minutes(4) + seconds(50);
  f.fetch(failure());
  CHECK(f.password() == "token");
  CHECK(f.wait() == seconds(10));  // at the end of the lifetime at the latest
  f.now += seconds(10);
  CHECK(f.fetch(failure()).login);
  CHECK(f.password() == "");
  CHECK(f.state.login()->failure == "the command ended with status 1");
  Fetching without_end;
  without_end.fetch(secret("password"));
  without_end.now += hours(10'000);
  CHECK_FALSE(without_end.fetch(failure()).login);
  CHECK(without_end.password() == "password");
}

TEST_CASE("login state: what a provider refuses is fetched at once, then ever more rarely, until a provider takes it") {
  Fetching f;
  f.fetch(secret("wrong"));
  f.now += seconds(1);
  f.state.refused();
  CHECK(f.wait() == Duration(0));
  const auto gaps = f.gaps(8, [&] { CHECK_FALSE(f.fetch(secret("wrong")).login); });
  CHECK(gaps == std::vector<Duration>{minutes(1), minutes(2), minutes(4), minutes(8), minutes(16), minutes(32), hours(1), hours(1)});
  CHECK(f.fetch(secret("right")).login);
  CHECK(f.wait() == Duration::max());
  f.state.accepted();
  f.state.refused();
  CHECK(f.wait() == minutes(1));
  f.now += minutes(1);
  f.fetch(secret("right"));
  CHECK(f.wait() == minutes(1));
}

TEST_CASE("login state: secrets that are new each time and refused each time do not have the source asked more often") {
  Fetching f;
  f.fetch(secret("0"));
  std::vector<Duration> gaps;
  for (int i = 1; i < 5; ++i) {
    f.state.refused();
    gaps.push_back(f.wait());
    f.now += f.wait();
    CHECK(f.fetch(secret(std::to_string(i))).login);
    CHECK(f.wait() == Duration::max());
  }
  CHECK(gaps == std::vector<Duration>{Duration(0), minutes(1), minutes(2), minutes(4)});
}

TEST_CASE("login state: a reload fetches at once, and gaps begin again") {
  Fetching f;
  for (int i = 0; i < 5; ++i) f.fetch(failure());
  f.state.want(Asked::whenever_due);
  CHECK(f.wait() == Duration(0));
  f.fetch(failure());
  CHECK(f.wait() == seconds(5));
  f.state.refused();
  f.fetch(secret("wrong"));
  f.state.refused();
  f.fetch(secret("wrong"));
  f.state.want(Asked::whenever_due);
  f.fetch(secret("wrong"));
  CHECK(f.wait() == minutes(1));
}

TEST_CASE("login state: a file is read at the start and at reloads, and at no other time") {
  Fetching f;
  f.state.want(Asked::at_reloads);
  CHECK(f.wait() == Duration(0));
  f.fetch(failure());
  CHECK(f.wait() == Duration::max());
  f.state.want(Asked::at_reloads);
  f.fetch(secret("wrong"));
  f.state.refused();
  CHECK(f.wait() == Duration::max());
}

}  // namespace mxpress::testing
