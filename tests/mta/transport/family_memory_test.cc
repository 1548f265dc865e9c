// What is remembered about address families.
#include "mta/transport/family_memory.h"

#include <catch2/catch.hpp>

#include "dns/target.h"

using namespace mxpress;
using mta::transport::FamilyMemory;

namespace {

const queue::Instant kNow{std::chrono::hours(1000)};

dns::Target target(const std::string& host, const std::string& address) { return {host, *dns::Address::parse(address), 25, false}; }

const std::vector<dns::Target> kBoth = {target("a.example", "192.0.2.1"), target("a.example", "2001:db8::1")};

}  // namespace

TEST_CASE("family memory: the family that works is known for a day") {
  FamilyMemory memory;
  CHECK_FALSE(memory.works_over_v6(kBoth, kNow));
  memory.remember("a.example", false, kNow);
  CHECK(memory.works_over_v6(kBoth, kNow) == false);
  CHECK(memory.works_over_v6(kBoth, kNow + FamilyMemory::kRemember - Duration(1)) == false);
  CHECK_FALSE(memory.works_over_v6(kBoth, kNow + FamilyMemory::kRemember));
}

TEST_CASE("family memory: what one host refused says nothing of another, nor of a host without the family that works") {
  FamilyMemory memory;
  memory.remember("a.example", true, kNow);
  CHECK_FALSE(memory.works_over_v6({target("b.example", "2001:db8::1")}, kNow));
  CHECK_FALSE(memory.works_over_v6({target("a.example", "192.0.2.1")}, kNow));
}

TEST_CASE("family memory: it is bounded, and the oldest host is dropped") {
  FamilyMemory memory;
  memory.remember("a.example", true, kNow);
  for (std::size_t i = 0; i < FamilyMemory::kLimit; ++i) memory.remember("host" + std::to_string(i) + ".example", true, kNow);
  CHECK(memory.size() == FamilyMemory::kLimit);
  CHECK_FALSE(memory.works_over_v6(kBoth, kNow));
}
