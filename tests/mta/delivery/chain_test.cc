// A queue through its elements behaves like a list.
#include "mta/delivery/chain.h"

#include <catch2/catch.hpp>
#include <list>
#include <random>
#include <vector>

using namespace mxpress::mta::delivery;

TEST_CASE("chain: it holds what a list holds, however elements come, are served and leave") {
  std::vector<std::uint32_t> links(20);
  const auto link = [&links](std::uint32_t index) -> std::uint32_t& { return links[index]; };
  Chain chain;
  std::list<std::uint32_t> expected;
  std::mt19937 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const auto index = static_cast<std::uint32_t>(random() % links.size());
    if (const bool is_in = std::find(expected.begin(), expected.end(), index) != expected.end(); !is_in && random() % 2 == 0) {
      chain.push_back(index, link);
      expected.push_back(index);
    } else if (random() % 2 == 0) {
      chain.erase(index, link);
      expected.remove(index);
    } else if (!expected.empty()) {
      chain.pop_front(link);
      expected.pop_front();
    }
    std::vector<std::uint32_t> found;
    if (!chain.empty())
      for (std::uint32_t at = chain.front(); at != Chain::kEnd; at = links[at]) found.push_back(at);
    REQUIRE(found == std::vector<std::uint32_t>(expected.begin(), expected.end()));
  }
}
