// IPv4 and IPv6 addresses and networks: see address.h.
#include "dns/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace mxpress::dns {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool same_prefix(const Address& left, const Address& right, int bits) {
  const int whole = bits / 8;
  if (!std::equal(left.bytes.begin(), left.bytes.begin() + whole, right.bytes.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || ((left.bytes[whole] ^ right.bytes[whole]) >> (8 - rest)) == 0;
}

bool has_bits_beyond(const Address& address, int prefix) {
  for (int bit = prefix; bit < (address.is_v6 ? 128 : 32); ++bit) {
    if (address.bytes[bit / 8] & (0x80 >> (bit % 8))) return true;
  }
  return false;
}

bool is_v4_in(const Address& address, std::uint8_t first, std::uint8_t second, int prefix) {
  Address base;
  base.bytes[0] = first;
  base.bytes[1] = second;
  return !address.is_v6 && same_prefix(address, base, prefix);
}

bool is_v6_in(const Address& address, std::uint8_t first, std::uint8_t second, int prefix) {
  Address base{.is_v6 = true, .bytes = {}};
  base.bytes[0] = first;
  base.bytes[1] = second;
  return address.is_v6 && same_prefix(address, base, prefix);
}

}  // namespace

std::string Address::to_string() const {
  if (!is_v6) {
    char text[INET_ADDRSTRLEN];
    char* end = text;
    for (std::size_t i = 0; i < 4; ++i) {
      if (i > 0) *end++ = '.';
      end = std::to_chars(end, std::end(text), bytes[i]).ptr;
    }
    return {text, end};
  }
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, bytes.data(), text, sizeof text);
  return text;
}

Result<Address> Address::parse(std::string_view text) {
  const std::string terminated(text);
  Address address;
  if (terminated.size() == text.size() && terminated.find('\0') == std::string::npos) {
    if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
    address.is_v6 = true;
    if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  }
  return Error::permanent("not an IP address (expected something like 192.0.2.1 or 2001:db8::1)");
}

Address unmapped(const Address& address) {
  if (!address.is_v6 || !std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin())) return address;
  Address v4;
  std::copy(address.bytes.begin() + kMappedPrefix.size(), address.bytes.end(), v4.bytes.begin());
  return v4;
}

bool is_loopback(const Address& mapped) {
  const Address address = unmapped(mapped);
  Address one{.is_v6 = true, .bytes = {}};
  one.bytes[15] = 1;
  return address == one || is_v4_in(address, 127, 0, 8);
}

bool is_unspecified(const Address& mapped) {
  const Address address = unmapped(mapped);
  return address == Address{.is_v6 = true, .bytes = {}} || is_v4_in(address, 0, 0, 8);
}

bool is_multicast(const Address& mapped) {
  const Address address = unmapped(mapped);
  return is_v4_in(address, 224, 0, 3) || is_v6_in(address, 0xff, 0, 8);
}

bool is_link_local(const Address& mapped) {
  const Address address = unmapped(mapped);
  return is_v4_in(address, 169, 254, 16) || is_v6_in(address, 0xfe, 0x80, 10);
}

bool is_private(const Address& mapped) {
  const Address address = unmapped(mapped);
  return is_v4_in(address, 10, 0, 8) || is_v4_in(address, 172, 16, 12) || is_v4_in(address, 192, 168, 16) ||
         is_v4_in(address, 100, 64, 10) || is_v6_in(address, 0xfc, 0, 7);
}

std::string_view peculiarity(const Address& address) {
  if (is_loopback(address)) return "a loopback address";
  if (is_unspecified(address)) return "an unspecified address";
  if (is_multicast(address)) return "a multicast or reserved address";
  if (is_link_local(address)) return "a link-local address";
  return {};
}

std::string address_and_port(const Address& address, std::uint16_t port) {
  std::string text = address.is_v6 ? "[" + address.to_string() + "]" : address.to_string();
  return text.append(":").append(std::to_string(port));
}

Result<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  Result<Address> base = Address::parse(text.substr(0, slash));
  if (!base) return base.error();
  const int bits = base->is_v6 ? 128 : 32;
  int prefix = bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix < 0 || prefix > bits) {
      return Error::permanent("the part after / must be a number from 0 to " + std::to_string(bits));
    }
  }
  if (has_bits_beyond(*base, prefix)) {
    return Error::permanent("the address has bits set beyond the first " + std::to_string(prefix));
  }
  return Network(*base, prefix);
}

bool Network::contains(const Address& address) const {
  if (address.is_v6 == base_.is_v6 && same_prefix(address, base_, prefix_)) return true;
  const Address inner = unmapped(address);
  return inner.is_v6 != address.is_v6 && inner.is_v6 == base_.is_v6 && same_prefix(inner, base_, prefix_);
}

std::string Network::to_string() const { return base_.to_string() + "/" + std::to_string(prefix_); }

}  // namespace mxpress::dns
