// Tests of the words for outcomes and stages.
#include "proto/outcome.h"

#include <catch2/catch.hpp>
#include <set>

using namespace mxpress::proto;

TEST_CASE("outcome: every stage and outcome has a word of its own") {
  std::set<std::string_view> words;
  for (int i = 0; i <= static_cast<int>(Stage::none); ++i) words.insert(to_string(static_cast<Stage>(i)));
  CHECK(words.size() == static_cast<std::size_t>(Stage::none) + 1);
  words.clear();
  for (int i = 0; i <= static_cast<int>(Outcome::failed); ++i) words.insert(to_string(static_cast<Outcome>(i)));
  CHECK(words == std::set<std::string_view>{"untried", "delivered", "deferred", "failed"});
}
