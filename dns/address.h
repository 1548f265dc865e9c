// What kind of address it is, and networks in CIDR notation.
#pragma once

#include <string>
#include <string_view>

#include "dns/resolver.h"
#include "proto/result.h"

namespace mxpress::dns {

bool is_loopback(const Address& address);     // 127.0.0.0/8, ::1, and IPv4-mapped ones
bool is_unspecified(const Address& address);  // 0.0.0.0/8, ::
bool is_multicast(const Address& address);    // and the IPv4 broadcast address
bool is_link_local(const Address& address);   // 169.254.0.0/16, fe80::/10

// "127.0.0.0/8", "2001:db8::/32", or a single address.
class Network {
 public:
  static Result<Network> parse(std::string_view text);
  bool contains(const Address& address) const;
  std::string to_string() const;
  bool operator==(const Network&) const = default;

 private:
  Network(Address base, int prefix) : base_(base), prefix_(prefix) {}
  Address base_;
  int prefix_ = 0;
};

}  // namespace mxpress::dns
