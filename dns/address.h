// IPv4 and IPv6 addresses and networks as values, and the kinds of address that mail is not sent to.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::dns {

// An IPv4 or IPv6 address in binary form.
struct Address {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // the first 4 for IPv4
  auto operator<=>(const Address&) const = default;
  std::string to_string() const;
  // "192.0.2.1", "2001:db8::1"; no brackets, no scope, no short forms such as "127.1".
  static Result<Address> parse(std::string_view text);
};

enum class AddressFamily { any, ipv4, ipv6 };

// The kernel treats ::ffff:192.0.2.1 as 192.0.2.1: all tests below look through the mapping (RFC 4291 2.5.5.2). Others are unchanged.
Address unmapped(const Address& address);

bool is_loopback(const Address& address);     // 127.0.0.0/8, ::1
bool is_unspecified(const Address& address);  // 0.0.0.0/8, ::
bool is_multicast(const Address& address);    // 224.0.0.0/4, ff00::/8; and the reserved 240.0.0.0/4 with the broadcast address
bool is_link_local(const Address& address);   // 169.254.0.0/16, fe80::/10
bool is_private(const Address& address);      // RFC 1918, RFC 6598, fc00::/7 (RFC 4193)

// "a loopback address", "a multicast address" ...; empty for an ordinary address.
std::string_view peculiarity(const Address& address);

// "192.0.2.1:25", "[2001:db8::1]:25"
std::string address_and_port(const Address& address, std::uint16_t port);

// A block of addresses: "127.0.0.0/8", "2001:db8::/32", or one address.
class Network {
 public:
  // Refuses bits set beyond the prefix, which are nearly always a mistake.
  static Result<Network> parse(std::string_view text);
  bool contains(const Address& address) const;
  std::string to_string() const;

  auto operator<=>(const Network&) const = default;

 private:
  Network(Address base, int prefix) : base_(base), prefix_(prefix) {}
  Address base_;
  int prefix_ = 0;
};

}  // namespace mxpress::dns
