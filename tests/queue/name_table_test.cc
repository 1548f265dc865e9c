// The table of names: a name keeps its number, and a number its name.
#include "queue/name_table.h"

#include <catch2/catch.hpp>

using namespace mxpress;

TEST_CASE("name table: each name has one number, in order of appearance, however many there are") {
  queue::NameTable table;
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t i = 0; i < 10'000; ++i) REQUIRE(table.number("name" + std::to_string(i)) == i);
  CHECK(table.find("name17") == 17);
  CHECK_FALSE(table.find("name10000"));
  CHECK(table.size() == 10'000);
  CHECK(table.name(9'999) == "name9999");
}

TEST_CASE("name table: a name that was forgotten is not known, and another one gets its number") {
  queue::NameTable table;
  for (int i = 0; i < 1000; ++i) table.number("name" + std::to_string(i));
  table.forget(17);
  CHECK_FALSE(table.find("name17"));
  CHECK(table.count() == 999);
  CHECK(table.find("name18") == 18);
  CHECK(table.number("other") == 17);
  CHECK(table.number("name17") == 1000);
  CHECK(table.name(17) == "other");
}
