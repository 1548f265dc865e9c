// The addresses that this host may deliver to.
#include "mta/delivery/target_rules.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta::delivery;
using std::chrono::milliseconds;

TEST_CASE("target rules: the addresses of the interfaces are asked for again after a while") {
  OwnAddresses own;
  const BootTime start{std::chrono::hours(1)};
  const auto first = own.at(start);
  CHECK(first->contains(dns::Address::parse("127.0.0.1").value()));
  CHECK(own.at(start + OwnAddresses::kHold - milliseconds(1)) == first);
  const auto second = own.at(start + OwnAddresses::kHold);
  CHECK(second != first);
  CHECK(*second == *first);
  own.ask_again();
  CHECK(own.at(start + OwnAddresses::kHold) != second);
}
