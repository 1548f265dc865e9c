// Followers: who gets which events, and what becomes of those that nobody reads.
#include "mta/events/followers.h"

#include <catch2/catch.hpp>

#include "queue/changes.h"
#include "tests/support/history_events.h"

using namespace mxpress;
using namespace mxpress::mta::events;
using mxpress::testing::envelope_of;
using mxpress::testing::outcome_of;
using namespace std::chrono_literals;

namespace {

struct World {
  Followers followers;
  std::shared_ptr<Follower> follow(Wanted wanted, Follower::Kind kind = Follower::Kind::tail, std::int64_t user = -1) {
    auto follower = followers.follow(wanted, kind, user);
    REQUIRE(follower);
    return *follower;
  }
  void accept(std::uint64_t id, std::int64_t uid, const std::vector<std::string>& to) {
    const auto envelope = envelope_of(uid, "u" + std::to_string(uid) + "@here.example", to);
    followers.take(Accepted{{id}, envelope, 1, "x@here.example"});
  }
  void attempt(std::uint64_t id, std::int64_t uid, const std::vector<std::pair<std::string, Disposition>>& outcomes, bool has_host = true) {
    Attempted event{{id}, "u" + std::to_string(uid) + "@here.example", {}, {}, {}};
    event.owner = proto::ShareOwner::user(uid);
    for (const auto& [recipient, disposition] : outcomes) {
      event.recipients.push_back(outcome_of(disposition, recipient, 250, "250 2.0.0 Ok"));
      if (!has_host) event.recipients.back().result->address.clear();
    }
    followers.take(std::move(event));
  }
};

std::vector<std::string> read(Follower& follower) {
  std::vector<std::string> texts;
  while (auto one = follower.next(0ms)) texts.push_back((one->kind == Followed::Kind::end ? "END " : "") + one->text);
  return texts;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("followers: all events are told as the log tells them") {
  World world;
  const auto all = world.follow({});
  world.accept(1, 1001, {"a@there.example"});
  world.attempt(1, 1001, {{"a@there.example", Disposition::delivered}, {"b@other.example", Disposition::failed}});
  world.followers.take(SetAside{{1}, "signal 11"});
  world.followers.take(OutageEnded{"direct", Duration(5)});
  world.followers.take(Acted{{1}, queue::ActionKind::hold, 0});
  const auto texts = read(*all);
  REQUIRE(texts.size() == 6);
  const std::string id = proto::QueueId{1}.to_string();
  CHECK(texts[0].starts_with(id + " accepted from="));
  CHECK(texts[1].starts_with(id + " attempt outcome=delivered"));
  CHECK(texts[2].starts_with(id + " attempt outcome=failed"));
  CHECK(texts[3].starts_with(id + " set_aside"));
  CHECK(texts[4].starts_with("outage_over"));
  CHECK(texts[5] == id + " held by_uid=0");
}

TEST_CASE("followers: a filter leaves the lines about an address, a domain or a message, and further events of these messages") {
  World world;
  const auto address = world.follow({{}, "a@there.example", "", -1});
  const auto domain = world.follow({{}, "", "there.example", -1});
  const auto message = world.follow({proto::QueueId{2}, "", "", -1});
  world.accept(1, 1001, {"a@there.example", "b@other.example"});
  world.attempt(1, 1001, {{"A@there.example", Disposition::delivered}, {"b@other.example", Disposition::failed}});
  world.accept(2, 1001, {"c@THERE.example"});
  world.accept(3, 1001, {"d@other.example"});
  world.followers.take(NoticeLeftOut{{1}});
  world.followers.take(NoticeLeftOut{{3}});
  CHECK(read(*address).size() == 3);  // accepted, delivered, left out
  CHECK(read(*domain).size() == 4);
  const auto texts = read(*message);
  REQUIRE(texts.size() == 1);
  CHECK(has(texts[0], "accepted"));
}

TEST_CASE("followers: a user gets nothing about mail of others, nor about the host") {
  World world;
  const auto own = world.follow({{}, "", "", 1001});
  world.accept(1, 1001, {"a@there.example"});
  world.accept(2, 1002, {"a@there.example"});
  world.attempt(2, 1002, {{"a@there.example", Disposition::failed}});
  world.followers.take(OutageEnded{"direct", Duration(5)});
  CHECK(read(*own).size() == 1);
}

TEST_CASE("followers: what is not read in time is counted, and later events are told again") {
  World world;
  const auto all = world.follow({});
  for (std::uint64_t i = 1; i <= 10'000; ++i) world.accept(i, 1001, {"a@there.example"});
  const std::uint64_t lost = all->take_lost();
  CHECK(lost > 9'000);
  CHECK(read(*all).size() + lost == 10'000);
  CHECK(all->take_lost() == 0);
  world.accept(10'001, 1001, {"a@there.example"});
  CHECK(read(*all).size() == 1);
}

TEST_CASE("followers: there are so many at a time, and users leave places to operators") {
  World world;
  CHECK(world.followers.follow({{}, "", "", 1001}, Follower::Kind::tail, 1001));
  CHECK(world.followers.follow({{}, "", "", 1001}, Follower::Kind::tail, 1001));
  CHECK_FALSE(world.followers.follow({{}, "", "", 1001}, Follower::Kind::tail, 1001));
  CHECK(world.followers.follow({{}, "", "", 1002}, Follower::Kind::tail, 1002));
  CHECK(world.followers.follow({{}, "", "", 1003}, Follower::Kind::tail, 1003));
  CHECK_FALSE(world.followers.follow({{}, "", "", 1004}, Follower::Kind::tail, 1004));
  std::vector<std::shared_ptr<Follower>> operators;
  operators.push_back(world.follow({{}, "", "", 1001}));  // an operator who watches a user
  for (std::size_t i = Followers::kMostOfUsers + 1; i < Followers::kMost; ++i) operators.push_back(world.follow({}));
  CHECK_FALSE(world.followers.follow({}, Follower::Kind::tail, -1));
  world.followers.leave(operators.front());
  CHECK(world.followers.follow({}, Follower::Kind::tail, -1));
  world.followers.close();
  CHECK(operators.back()->has_ended());
}

TEST_CASE("followers: the end of an attempt is that of the one a debugger has heard") {
  World world;
  const auto debugger = world.follow({{}, "", "there.example", -1}, Follower::Kind::debugger);
  world.attempt(1, 1001, {{"a@there.example", Disposition::deferred}});  // had begun before
  CHECK_FALSE(has(read(*debugger).at(0), "END"));
  CHECK(world.followers.begin_attempt({2}, 1001, {"x@other.example"}).empty());
  CHECK(world.followers.begin_attempt({2}, 1001, {"x@other.example", "a@There.example"}).size() == 1);
  CHECK(world.followers.begin_attempt({3}, 1001, {"a@there.example"}).empty());
  world.attempt(3, 1001, {{"a@there.example", Disposition::deferred}});
  CHECK(read(*debugger).empty());
  world.attempt(2, 1001, {{"x@other.example", Disposition::failed}, {"a@there.example", Disposition::deferred}});
  const auto end = debugger->next(0ms);
  REQUIRE(end);
  CHECK(end->kind == Followed::Kind::end);
  CHECK(end->disposition == Disposition::deferred);
  CHECK(has(end->text, "a@there.example"));
}

TEST_CASE("followers: an attempt that no host was asked for ends the wait of a debugger, one that was left does not") {
  World world;
  const auto debugger = world.follow({{}, "a@there.example", "", -1}, Follower::Kind::debugger);
  REQUIRE(world.followers.begin_attempt({1}, 1001, {"a@there.example"}).size() == 1);
  debugger->leave_attempt({1});
  world.attempt(2, 1001, {{"a@there.example", Disposition::deferred}}, false);
  const auto end = debugger->next(0ms);
  REQUIRE(end);
  CHECK(end->kind == Followed::Kind::end);
}
