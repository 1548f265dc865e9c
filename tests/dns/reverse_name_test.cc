// Names in the reverse zones.
#include "dns/reverse_name.h"

#include <catch2/catch.hpp>

namespace mxpress::dns {

TEST_CASE("reverse name: the octets of IPv4 and the nibbles of IPv6, from the last one on") {
  CHECK(reverse_name(Address::parse("192.0.2.10").value()) == "10.2.0.192.in-addr.arpa");
  CHECK(reverse_name(Address::parse("2001:db8::567:89ab").value()) ==
        "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

}  // namespace mxpress::dns
