// Near misses.
#include "proto/spelling.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

std::string nearest(std::string_view name, std::initializer_list<const char*> candidates) {
  proto::NearMiss search(name);
  for (const char* candidate : candidates) search.offer(candidate);
  return search.nearest();
}

}  // namespace

TEST_CASE("spelling: the nearest name is found, and none that is far") {
  CHECK(nearest("rooot", {"daemon", "boot", "root"}) == "root");
  CHECK(nearest("postmastre", {"root", "postmaster"}) == "postmaster");
  CHECK(nearest("bob", {"root", "rob"}) == "rob");
  CHECK(nearest("bob", {"root", "ann"}).empty());
  CHECK(nearest("ab", {"aa", "a"}).empty());
  CHECK(nearest(std::string(100'000, 'x'), {"x"}).empty());
}

}  // namespace mxpress::testing
