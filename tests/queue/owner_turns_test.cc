// Lines by owner, against a model of lists.
#include "queue/owner_turns.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <deque>
#include <optional>
#include <random>
#include <utility>
#include <vector>

using namespace mxpress::queue;
using mxpress::proto::ShareOwner;

namespace {

struct Items {
  std::vector<LineLinks>* links;
  LineLinks& operator()(std::uint32_t item) const { return (*links)[item]; }
};

// A group as it should be: the line at the front has the turn.
struct Model {
  using Line = std::pair<ShareOwner, std::deque<std::uint32_t>>;
  std::deque<Line> lines;

  void push_back(const ShareOwner& owner, std::uint32_t item) {
    const auto line = std::find_if(lines.begin(), lines.end(), [&](const Line& one) { return one.first == owner; });
    line == lines.end() ? lines.push_back({owner, {item}}) : line->second.push_back(item);
  }
  bool erase(std::uint32_t item) {
    for (auto line = lines.begin(); line != lines.end(); ++line) {
      if (std::erase(line->second, item) == 0) continue;
      if (line->second.empty()) lines.erase(line);
      return true;
    }
    return false;
  }
  void pass_turn() { std::rotate(lines.begin(), lines.begin() + 1, lines.end()); }
};

void check_same(const OwnerTurns<Items>& turns, std::uint32_t group, const Model& model) {
  REQUIRE(turns.empty(group) == model.lines.empty());
  if (model.lines.empty()) return;
  LineIndex line = turns.turn(group);
  for (const Model::Line* expected : {&model.lines.front(), &model.lines.back()}) {
    REQUIRE(turns.owner(line) == expected->first);
    REQUIRE(turns.first(line) == expected->second.front());
    REQUIRE(turns.last(line) == expected->second.back());
    std::deque<std::uint32_t> items;
    for (std::uint32_t item = turns.first(line); item != kNone; item = turns.after(item)) items.push_back(item);
    REQUIRE(items == expected->second);
    std::deque<std::uint32_t> backwards;
    for (std::uint32_t item = turns.last(line); item != kNone; item = turns.before(item)) backwards.push_front(item);
    REQUIRE(backwards == items);
    line = turns.before_in_turn(line);
  }
}

}  // namespace

TEST_CASE("owner turns: groups hold what lists by owner hold, however items come, leave and turns pass") {
  constexpr std::uint32_t kItems = 200, kGroups = 3;
  std::vector<LineLinks> links(kItems);
  OwnerTurns<Items> turns(Items{&links});
  std::vector<Model> models(kGroups);
  std::vector<std::optional<std::uint32_t>> group_of(kItems);
  std::mt19937 random(1);
  const unsigned owners = GENERATE(1u, 2u, 3u, 50u);
  for (int i = 0; i < 5000; ++i) {
    const std::uint32_t item = random() % kItems, group = random() % kGroups;
    if (group_of[item] && random() % 2 == 0) {
      turns.erase(item);
      REQUIRE(models[*std::exchange(group_of[item], std::nullopt)].erase(item));
    } else if (!group_of[item]) {
      const ShareOwner owner = ShareOwner::user(random() % owners);
      turns.push_back(group, owner, item);
      models[group].push_back(owner, item);
      group_of[item] = group;
    } else if (!turns.empty(group)) {
      turns.pass_turn(group);
      models[group].pass_turn();
    }
    for (std::uint32_t g = 0; g < kGroups; ++g) check_same(turns, g, models[g]);
  }
}

TEST_CASE("owner turns: an erased item returns its line when it was the only one, and is_only() tells before") {
  std::vector<LineLinks> links(3);
  OwnerTurns<Items> turns(Items{&links});
  const LineIndex line = turns.push_back(0, ShareOwner::user(33), 0);
  CHECK(turns.is_only(0));
  CHECK(turns.push_back(0, ShareOwner::user(33), 1) == line);
  CHECK_FALSE(turns.is_only(0));
  CHECK_FALSE(turns.is_only(1));
  CHECK(turns.erase(0) == kNone);
  CHECK(turns.is_only(1));
  CHECK(turns.erase(1) == line);
  CHECK(turns.empty(0));
}

TEST_CASE("owner turns: owners that differ in kind alone have lines of their own") {
  std::vector<LineLinks> links(3);
  OwnerTurns<Items> turns(Items{&links});
  const LineIndex a = turns.push_back(0, ShareOwner::user(7), 0), b = turns.push_back(0, ShareOwner::ipv4(7), 1);
  CHECK(a != b);
  CHECK(turns.push_back(0, {}, 2) != a);
}
