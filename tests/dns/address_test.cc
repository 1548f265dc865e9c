// Addresses and networks as values.
#include "dns/address.h"

#include <sys/un.h>

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "dns/ip_address.h"

namespace mxpress::dns {
namespace {

Address address(const std::string& text) { return Address::parse(text).value(); }
bool is_in(const std::string& inner, const std::string& network) { return Network::parse(network).value().contains(address(inner)); }

TEST_CASE("address: text and value agree") {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "::1", "fe80::1"}) {
    CHECK(address(text).to_string() == text);
  }
  CHECK(address("2001:DB8:0:0:0:0:0:1").to_string() == "2001:db8::1");
  CHECK_FALSE(address("192.0.2.1").is_v6);
}

TEST_CASE("address: what is no plain address is refused") {
  using namespace std::string_literals;
  for (const std::string& text : {""s, "127.1"s, "192.0.2.256"s, "0x7f.0.0.1"s, "[::1]"s, "fe80::1%eth0"s, "192.0.2.1:25"s, " 192.0.2.1"s,
                                  "192.0.2.1\0x"s, "mx.example.org"s, "1::2::3"s}) {
    INFO(text);
    CHECK_FALSE(Address::parse(text).ok());
  }
}

TEST_CASE("address: the kinds that mail is not sent to are known, also when mapped into IPv6") {
  for (const char* text : {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1"}) CHECK(is_loopback(address(text)));
  for (const char* text : {"0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"}) CHECK(is_unspecified(address(text)));
  for (const char* text : {"224.0.0.1", "255.255.255.255", "ff02::1", "::ffff:239.1.1.1"}) CHECK(is_multicast(address(text)));
  for (const char* text : {"169.254.0.1", "fe80::1", "febf::1", "::ffff:169.254.0.1"}) CHECK(is_link_local(address(text)));
  for (const char* text : {"10.1.2.3", "172.31.0.1", "192.168.0.1", "100.64.0.1", "fd00::1"}) CHECK(is_private(address(text)));
  for (const char* text : {"192.0.2.1", "128.0.0.1", "126.255.255.255", "223.255.255.255", "172.32.0.1", "2001:db8::1", "fec0::1", "::2"}) {
    INFO(text);
    CHECK(peculiarity(address(text)).empty());
    CHECK_FALSE(is_private(address(text)));
  }
}

TEST_CASE("network: contains what shares its prefix") {
  CHECK(is_in("127.9.9.9", "127.0.0.0/8"));
  CHECK_FALSE(is_in("128.0.0.0", "127.0.0.0/8"));
  CHECK(is_in("192.0.2.129", "192.0.2.128/25"));
  CHECK_FALSE(is_in("192.0.2.127", "192.0.2.128/25"));
  CHECK(is_in("203.0.113.9", "0.0.0.0/0"));
  CHECK(is_in("2001:db8:ffff::1", "2001:db8::/32"));
  CHECK_FALSE(is_in("2001:db9::1", "2001:db8::/32"));
  CHECK(is_in("192.0.2.1", "192.0.2.1"));
  CHECK_FALSE(is_in("192.0.2.2", "192.0.2.1"));
  CHECK(is_in("::ffff:127.0.0.1", "127.0.0.0/8"));
  CHECK_FALSE(is_in("127.0.0.1", "::/0"));
}

TEST_CASE("network: nonsense is refused") {
  for (const char* text : {"", "127.0.0.0/", "127.0.0.0/33", "127.0.0.0/-1", "127.0.0.0/8x", "127.0.0.1/8", "::/129", "/8", "lo/8"}) {
    INFO(text);
    CHECK_FALSE(Network::parse(text).ok());
  }
  CHECK(Network::parse("10.0.0.0/8")->to_string() == "10.0.0.0/8");
}

TEST_CASE("ip address: what goes to Asio and to the system and comes back is the same address") {
  for (const char* text : {"192.0.2.1", "255.255.255.255", "0.0.0.0", "2001:db8::1", "::", "::ffff:192.0.2.1"}) {
    INFO(text);
    const Address address = Address::parse(text).value();
    CHECK(to_asio(address).to_string() == boost::asio::ip::make_address(text).to_string());
    CHECK(from_asio(to_asio(address)) == address);
    const auto endpoint = endpoint_of<boost::asio::ip::tcp>(address, 2525);
    CHECK(endpoint.port() == 2525);
    CHECK(from_system(endpoint.data()) == address);
  }
  CHECK(to_asio(Address::parse("fe80::1").value(), 3).to_v6().scope_id() == 3);
}

TEST_CASE("ip address: an address of another family is none") {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  CHECK_FALSE(from_system(reinterpret_cast<const sockaddr*>(&address)));
  CHECK_FALSE(from_system(nullptr));
}

}  // namespace
}  // namespace mxpress::dns
