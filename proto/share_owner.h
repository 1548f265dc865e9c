// The owner whose shares of the daemon's budgets are used: a local user, the network of a remote client, or the daemon itself.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace mxpress::proto {

// For shares only, not for rights over mail: over loopback TCP the uid is that of the client's socket, which may have been given to another
// user's program. So it compares only with its own type; the owner of a message is Submitter::uid. A value of 16 octets, cheap to copy and
// to hash.
class ShareOwner {
 public:
  enum class Kind : std::uint8_t { unknown, user, ipv4, ipv6_network, host };

  // A program on this host whose user is not known.
  ShareOwner() = default;
  // A negative uid means unknown.
  static ShareOwner user(std::int64_t uid) { return uid < 0 ? ShareOwner() : ShareOwner(Kind::user, static_cast<std::uint64_t>(uid)); }
  // The first octet of the address is the most significant one.
  static ShareOwner ipv4(std::uint32_t address) { return {Kind::ipv4, address}; }
  // The first 64 bits of the address: one host may choose the others freely.
  static ShareOwner ipv6_network(std::uint64_t prefix) { return {Kind::ipv6_network, prefix}; }

  // The daemon itself, for what it does and sends for nobody: no client can be it.
  static ShareOwner host() { return {Kind::host, 0}; }

  bool is_known() const { return kind_ != Kind::unknown; }
  // As in the record of the spool.
  Kind kind() const { return kind_; }
  std::uint64_t number_in_record() const { return number_; }

  // The user's uid; -1: not a user. Only for Submitter::sending_user().
  std::int64_t user_of_socket() const { return kind_ == Kind::user ? static_cast<std::int64_t>(number_) : -1; }

  // "uid 33", "192.0.2.7", "2001:db8:1:2::/64", "mxpressd" or "loopback".
  std::string to_string() const;

  auto operator<=>(const ShareOwner&) const = default;
  friend std::size_t hash_value(const ShareOwner& owner) {  // for boost::hash
    return static_cast<std::size_t>(owner.number_ * 0x9E3779B97F4A7C15u + static_cast<std::uint64_t>(owner.kind_));
  }

 private:
  ShareOwner(Kind kind, std::uint64_t number) : number_(number), kind_(kind) {}

  std::uint64_t number_ = 0;
  Kind kind_ = Kind::unknown;
};

}  // namespace mxpress::proto
