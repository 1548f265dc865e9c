// Who a share of a budget is counted for: a local user, or the network of a client elsewhere.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "dns/address.h"
#include "proto/envelope.h"

namespace mxpress::mta::host {

// A value of 9 octets, cheap to copy and to hash. Two sessions have the same owner if they have the same uid or, where no uid is known,
// come from the same network: an IPv4 address, or an IPv6 network of 64 bits, whose addresses one host may choose freely.
class Owner {
 public:
  // A program on this host whose user is not known.
  Owner() = default;
  // A negative uid is an unknown one.
  static Owner user(std::int64_t uid);
  // Every loopback address is the unknown program on this host.
  static Owner client(const dns::Address& address);
  // The uid if there is one, else the client's address.
  static Owner of(const proto::Submitter& submitter);

  // "uid 33", "192.0.2.7", "2001:db8:1:2::/64" or "loopback".
  std::string to_string() const;

  auto operator<=>(const Owner&) const = default;
  friend std::size_t hash_value(const Owner& owner);  // for boost::hash

 private:
  enum class Kind : std::uint8_t { local, user, v4, v6 };
  Kind kind_ = Kind::local;
  std::array<std::uint8_t, 8> bytes_{};  // the uid, the IPv4 address, or the first half of the IPv6 address
};

}  // namespace mxpress::mta::host
