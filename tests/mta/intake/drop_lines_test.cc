// Lines of drop files: turns of owners, and room.
#include "mta/intake/drop_lines.h"

#include <catch2/catch.hpp>
#include <string>

namespace {

bool all_may(uid_t) { return true; }

}  // namespace

TEST_CASE("drop lines: owners take turns, and a file that is put back is the next one again") {
  mxpress::mta::intake::DropLines lines;
  for (const char* name : {"a", "b", "c"}) CHECK(lines.add({1, name, 10}));
  CHECK(lines.add({2, "d", 20}));
  CHECK(lines.add({1, "a", 10}));  // waits already
  CHECK(lines.next(all_may)->name == "a");
  auto second = lines.next(all_may);
  CHECK(second->owner == 2);
  CHECK(second->octets == 20);
  lines.put_back(std::move(*second));
  CHECK(lines.next(all_may)->name == "d");
  CHECK(lines.next(all_may)->name == "b");
  lines.forget(1);
  CHECK(lines.empty());
  CHECK_FALSE(lines.next(all_may));
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

TEST_CASE("drop lines: an owner who may not have a turn is passed over, and has his files later") {
  mxpress::mta::intake::DropLines lines;
  const auto add = [&lines](uid_t owner, const char* name) { CHECK(lines.add({owner, name, 1})); };
  add(1, "a");
  add(2, "b");
  add(2, "c");
  add(3, "d");
  const auto not_two = [](uid_t owner) { return owner != 2; };
  CHECK(lines.next(not_two)->name == "a");
  CHECK(lines.next(not_two)->name == "d");
  CHECK_FALSE(lines.next(not_two).has_value());
  CHECK_FALSE(lines.empty());
  CHECK(lines.next(all_may)->name == "b");
  CHECK(lines.next(all_may)->name == "c");
}
