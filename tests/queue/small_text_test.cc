// Small texts: values are stored unchanged, and a map finds them by their characters.
#include "queue/small_text.h"

#include <catch2/catch.hpp>
#include <string>

using namespace mxpress;
using queue::SmallText;

TEST_CASE("small text: it is the text that it was made of, with any octets, wherever it is moved") {
  for (const std::string& text : {std::string(), std::string("a"), std::string("a\0b", 3), std::string(70'000, 'x')}) {
    SmallText kept(text);
    SmallText moved = std::move(kept);
    CHECK(moved.view() == text);
    CHECK(moved.empty() == text.empty());
  }
}

TEST_CASE("small text: a map finds and forgets by the characters") {
  queue::SmallTextMap<int> map;
  for (int i = 0; i < 1000; ++i) map.emplace(SmallText("name" + std::to_string(i)), i);
  REQUIRE(map.find(std::string_view("name999")) != map.end());
  CHECK(map.find(std::string_view("name999"))->second == 999);
  map.erase(std::string_view("name999"));
  CHECK(map.find(std::string_view("name999")) == map.end());
  CHECK(map.size() == 999);
}
