// Policies that are kept: how long, how many, and as a file.
#include "mta/sts/policy_cache.h"

#include <catch2/catch.hpp>
#include <set>

#include "mta/sts/policies.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/virtual_time.h"

using namespace mxpress;
using namespace std::chrono_literals;
using mta::fairness::Owner;
using mta::sts::KeptPolicy;
using mta::sts::parse_policy;
using mta::sts::Policies;
using mta::sts::PolicyCache;

namespace {

const WallTime kNow{std::chrono::sys_days{std::chrono::year(2026) / 11 / 30}};
constexpr auto kDay = 24h;
using Owners = decltype(KeptPolicy::owners);

const Owner kUser = Owner::user(1000), kOther = Owner::user(1001);

KeptPolicy kept(WallTime fetched, std::chrono::seconds age, const std::string& mode = "enforce") {
  const std::string text =
      "version: STSv1\nmode: " + mode + "\nmx: *.there.example\nmx: mx.example\nmax_age: " + std::to_string(age.count());
  return {parse_policy(text).value(), "id1", fetched, fetched};
}

KeptPolicy kept_for(const Owner& owner, WallTime fetched) {
  KeptPolicy policy = kept(fetched, 300 * kDay);
  policy.owners = {owner};
  return policy;
}

}  // namespace

TEST_CASE("sts cache: a policy is obeyed until its age ends, and no longer") {
  PolicyCache cache;
  cache.keep("there.example", kept(kNow, 7 * kDay), kNow);
  CHECK_FALSE(cache.use("other.example", kUser, kNow));
  CHECK_FALSE(cache.use("sub.there.example", kUser, kNow));
  REQUIRE(cache.use("there.example", kUser, kNow + 7 * kDay - 1s));
  CHECK(cache.use("there.example", kUser, kNow)->policy.mx.size() == 2);
  CHECK_FALSE(cache.use("there.example", kUser, kNow + 7 * kDay));
  CHECK(cache.use("there.example", kUser, kNow + 7 * kDay - 1s));
}

TEST_CASE("sts cache: a clock that was wrong by a year makes no policy last longer, and ends none for good") {
  PolicyCache cache;
  const WallTime next_year = kNow + 365 * kDay;
  cache.keep("there.example", kept(kNow, 7 * kDay), kNow);
  CHECK_FALSE(cache.use("there.example", kUser, next_year));
  CHECK(cache.use("there.example", kUser, kNow + kDay));
  cache.keep("ahead.example", kept(next_year, 7 * kDay), next_year);
  CHECK(cache.use("ahead.example", kUser, kNow));
  CHECK_FALSE(cache.use("ahead.example", kUser, kNow + 7 * kDay));
}

TEST_CASE("sts cache: a policy is due after a day or half of its age, while it is in force and mail uses it") {
  CHECK_FALSE(kept(kNow, 7 * kDay).is_due(kNow + kDay - 1s));
  CHECK(kept(kNow, 7 * kDay).is_due(kNow + kDay));
  CHECK_FALSE(kept(kNow, 2h).is_due(kNow + 1h - 1s));
  CHECK(kept(kNow, 2h).is_due(kNow + 1h));
  PolicyCache cache;
  cache.keep("there.example", kept(kNow, 60 * kDay), kNow);
  cache.keep("short.example", kept(kNow, 2 * kDay), kNow);
  CHECK(cache.due(kNow + 23h, 10).empty());
  CHECK(cache.due(kNow + kDay, 10) == std::vector<std::string>{"short.example", "there.example"});
  CHECK(cache.due(kNow + kDay, 1).size() == 1);
  CHECK(cache.due(kNow + 2 * kDay, 10) == std::vector<std::string>{"there.example"});
  CHECK(cache.due(kNow + 30 * kDay, 10).empty());
  CHECK(cache.use("there.example", kUser, kNow + 30 * kDay));
  CHECK(cache.due(kNow + 31 * kDay, 10).size() == 1);
}

TEST_CASE("sts cache: it is bounded; what has ended goes first, then what mail has not used for longest") {
  PolicyCache cache;
  for (std::size_t i = 0; i < PolicyCache::kMostPolicies; ++i) {
    const auto seconds = std::chrono::seconds(i);
    cache.keep("d" + std::to_string(i) + ".example", kept(kNow + seconds, i == 5000 ? 1s : 30 * kDay), kNow + seconds);
  }
  CHECK(cache.size() == PolicyCache::kMostPolicies);
  CHECK(cache.use("d0.example", kUser, kNow + 3 * kDay));
  cache.keep("new.example", kept(kNow + 3 * kDay, kDay), kNow + 3 * kDay);
  CHECK(cache.size() == PolicyCache::kMostPolicies / 10 * 9);
  CHECK(cache.find("new.example", kNow + 3 * kDay));
  CHECK(cache.find("d0.example", kNow + 3 * kDay));
  CHECK_FALSE(cache.find("d1.example", kNow + 3 * kDay));
  CHECK_FALSE(cache.find("d5000.example", kNow + 5000s));
  CHECK(cache.find("d9999.example", kNow + 3 * kDay));
}

TEST_CASE("sts cache: one user's policies push out his own, not those that others' mail uses, however long ago") {
  PolicyCache cache;
  const auto keep = [&](const std::string& domain, const Owner& owner, WallTime when) { cache.keep(domain, kept_for(owner, when), when); };
  keep("other.example", kOther, kNow);
  keep("first.example", kUser, kNow);
  CHECK(cache.use("first.example", kOther, kNow));  // so it is charged to him, who has less
  for (std::size_t i = 0; i < 2 * PolicyCache::kMostPolicies; ++i) keep("d" + std::to_string(i) + ".example", kUser, kNow + 100 * kDay);
  CHECK(cache.size() <= PolicyCache::kMostPolicies);
  CHECK(cache.find("other.example", kNow + 200 * kDay));
  CHECK(cache.find("first.example", kNow + 200 * kDay));
  auto again = PolicyCache::parse(cache.text());
  REQUIRE(again);
  CHECK(again->find("other.example", kNow + 200 * kDay)->owners == Owners{kOther});
  CHECK(again->find("first.example", kNow + 200 * kDay)->owners == Owners{kUser, kOther});
}

TEST_CASE("sts cache: some users who share their policies push out those, not the policies of another, though their mail uses it, too") {
  for (const std::size_t sharing : {1, 2, 3, 6}) {
    INFO(sharing);
    PolicyCache cache;
    cache.keep("bank.example", kept_for(kOther, kNow), kNow);
    const auto use_all = [&](const std::string& domain) {
      for (std::size_t uid = 0; uid < sharing; ++uid) (void)cache.use(domain, Owner::user(3000 + static_cast<std::int64_t>(uid)), kNow);
    };
    use_all("bank.example");
    CHECK(cache.use("bank.example", kOther, kNow));
    for (std::size_t i = 0; i < PolicyCache::kMostPolicies * 5 / 4; ++i) {
      const std::string domain = "d" + std::to_string(i) + ".example";
      cache.keep(domain, kept_for(Owner::user(3000), kNow + 100 * kDay), kNow);
      if (i % 10 == 0) CHECK(cache.use("bank.example", kOther, kNow));
      use_all(domain);
    }
    CHECK(cache.size() <= PolicyCache::kMostPolicies);
    CHECK(cache.find("bank.example", kNow));
  }
}

TEST_CASE("sts cache: whoever has the fewest octets stays an owner of what very many use") {
  PolicyCache cache;
  cache.keep("all.example", kept_for(Owner::user(1), kNow), kNow);
  for (std::int64_t uid = 1; uid <= 20; ++uid) {
    for (int i = 0; i < 40 - uid; ++i)
      cache.keep(std::to_string(uid) + "-" + std::to_string(i) + ".example", kept_for(Owner::user(uid), kNow), kNow);
    CHECK(cache.use("all.example", Owner::user(uid), kNow));
  }
  const auto& owners = cache.find("all.example", kNow)->owners;
  CHECK(std::set(owners.begin(), owners.end()) == std::set{Owner::user(17), Owner::user(18), Owner::user(19), Owner::user(20)});
}

TEST_CASE("sts cache: many long policies are bounded by their octets") {
  PolicyCache cache;
  std::string text = "version: STSv1\nmode: enforce\nmax_age: 86400\n";
  const std::string label(60, 'a');
  for (int i = 0; i < 10; ++i) text += "mx: " + label + "." + label + "." + label + "." + std::to_string(i) + ".example\n";
  const auto policy = parse_policy(text);
  REQUIRE(policy);
  for (int i = 0; i < 2000; ++i) cache.keep("d" + std::to_string(i) + ".example", {*policy, "id", kNow, kNow}, kNow);
  CHECK(cache.size() < 1700);
  CHECK(cache.size() > 1200);
  CHECK(cache.text().size() < PolicyCache::kMostOctets);
}

TEST_CASE("sts cache: policies that are due take turns, from where the last ones ended") {
  PolicyCache cache;
  for (const char* domain : {"a.example", "b.example", "c.example"}) cache.keep(domain, kept(kNow, 7 * kDay), kNow);
  const auto due = [&](std::string_view after) { return cache.due(kNow + 2 * kDay, 2, after); };
  CHECK(due("") == std::vector<std::string>{"a.example", "b.example"});
  CHECK(due("b.example") == std::vector<std::string>{"c.example", "a.example"});
  CHECK(due("bb.example") == std::vector<std::string>{"c.example", "a.example"});
  CHECK(due("z.example") == std::vector<std::string>{"a.example", "b.example"});
  CHECK(cache.due(kNow + 2 * kDay, 9, "a.example") == std::vector<std::string>{"b.example", "c.example", "a.example"});
}

TEST_CASE("sts cache: the file has everything, and any change of it is found") {
  PolicyCache cache;
  cache.keep("there.example", kept(kNow, 7 * kDay), kNow);
  cache.keep("off.example", {parse_policy("version: STSv1\nmode: none\nmax_age: 60\n").value(), "id2", kNow, kNow}, kNow);
  const std::string text = cache.text();
  auto again = PolicyCache::parse(text);
  REQUIRE(again);
  CHECK(again->text() == text);
  CHECK(again->size() == 2);
  CHECK(again->use("there.example", kUser, kNow)->policy == cache.use("there.example", kUser, kNow)->policy);
  for (std::size_t at = 0; at < text.size(); ++at) {
    INFO(at);
    std::string bent = text;
    bent[at] = static_cast<char>(bent[at] ^ 1);
    CHECK_FALSE(PolicyCache::parse(bent));
    CHECK_FALSE(PolicyCache::parse(text.substr(0, at)));
  }
  CHECK(PolicyCache::parse(PolicyCache().text())->size() == 0);
}

namespace {

struct Stored {
  testing::VirtualTime time;
  test::ForgetfulDisk disk;
  Stored() {
    REQUIRE(disk.make_folder("/spool"));
    REQUIRE(disk.sync_folder("/"));
  }
  std::unique_ptr<Policies> start() { return std::make_unique<Policies>(&disk, "/spool/mta-sts", nullptr); }
  KeptPolicy fresh() { return kept(time.wall(), 7 * kDay); }
};

}  // namespace

TEST_CASE("sts policies: what was stored is there after a loss of power, with its age") {
  Stored world;
  auto policies = world.start();
  policies->keep("there.example", world.fresh());
  policies->save();
  policies->keep("late.example", world.fresh());
  world.disk.restart(test::ForgetfulDisk::Cut::all);
  policies = world.start();
  CHECK(policies->size() == 1);
  CHECK(policies->use("there.example", kUser)->id == "id1");
}

TEST_CASE("sts policies: a damaged file is put aside, and the next one is stored beside it") {
  Stored world;
  auto policies = world.start();
  policies->keep("there.example", world.fresh());
  policies->save();
  {
    const auto file = world.disk.open("/spool/mta-sts", queue::Open::write);
    REQUIRE(file);
    REQUIRE((*file)->write_at(3, {"###"}));
  }
  policies = world.start();
  CHECK(policies->size() == 0);
  CHECK(world.disk.exists("/spool/mta-sts.damaged").value());
  CHECK_FALSE(world.disk.exists("/spool/mta-sts").value());
  policies->keep("there.example", world.fresh());
  policies->save();
  CHECK(world.start()->size() == 1);
}

TEST_CASE("sts policies: a failure counts for its id, for five minutes, and until a policy is there") {
  Stored world;
  auto policies = world.start();
  policies->failed("there.example", "id1", {"gone"});
  CHECK(policies->failed_lately("there.example", "id1")->why == "gone");
  CHECK_FALSE(policies->failed_lately("there.example", "id2"));
  CHECK_FALSE(policies->failed_lately("other.example", "id1"));
  asio::io_context io;
  world.time.run_for(io, 299s);
  CHECK(policies->failed_lately("there.example", "id1"));
  world.time.run_for(io, 2s);
  CHECK_FALSE(policies->failed_lately("there.example", "id1"));
  policies->failed("there.example", "id1", {"gone"});
  policies->keep("there.example", world.fresh());
  CHECK_FALSE(policies->failed_lately("there.example", "id1"));
}
