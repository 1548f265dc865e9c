// Lines of drop files: turns of owners, and room.
#include "mta/intake/drop_lines.h"

#include <catch2/catch.hpp>
#include <string>

TEST_CASE("drop lines: owners take turns, and a file that is put back is the next one again") {
  mxpress::mta::intake::DropLines lines;
  for (const char* name : {"a", "b", "c"}) CHECK(lines.add({1, name, 10}));
  CHECK(lines.add({2, "d", 20}));
  CHECK(lines.add({1, "a", 10}));  // waits already
  CHECK(lines.next()->name == "a");
  auto second = lines.next();
  CHECK(second->owner == 2);
  CHECK(second->octets == 20);
  lines.put_back(std::move(*second));
  CHECK(lines.next()->name == "d");
  CHECK(lines.next()->name == "b");
  lines.forget(1);
  CHECK(lines.empty());
  CHECK_FALSE(lines.next());
}

TEST_CASE("drop lines: one owner has a thousand names, all have a bound, and who has none there has room for one") {
  using mxpress::mta::intake::DropLines;
  DropLines lines;
  const auto fill = [&lines](uid_t owner) {
    std::size_t taken = 0;
    while (lines.add({owner, std::to_string(taken), 1})) ++taken;
    return taken;
  };
  for (uid_t owner = 0; owner < DropLines::kMost / DropLines::kOfOneOwner; ++owner) CHECK(fill(owner) == DropLines::kOfOneOwner);
  CHECK(fill(100) == 1);
  CHECK(fill(101) == 1);
  lines.forget(0);
  CHECK(fill(100) == DropLines::kOfOneOwner - 1);
}
