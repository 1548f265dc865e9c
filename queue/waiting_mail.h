// The memory of waiting mail, by owner: a limit with fair shares, so that no owner's mail can exhaust the daemon's memory.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/envelope.h"

namespace mxpress::queue {

// Identifies a domain name, in memory only: a keyed hash, whose collisions nobody can compute, and a checksum.
using NameHash = std::array<std::uint32_t, 3>;
NameHash hash_of_name(std::string_view name);

// Approximate memory of a waiting message, in octets.
struct Weight {
  std::uint32_t message = 0;      // its entry, its jobs, and the data of its second and further destinations
  std::uint32_t destination = 0;  // the data of the first destination, charged once for all messages of the owner that wait for it
  NameHash name{};                // of the first destination
};
Weight weight_of(const proto::Envelope& envelope);

// A message with one recipient, without its destination.
inline constexpr std::uint32_t kSmallMessage = 256;
// A job and the data of a destination: measured with five mail hosts of long names, with the TLSA records that hosts usually have. Its own
// name is stored three times at most.
constexpr std::uint32_t octets_of_destination(std::size_t name) { return 2300 + 3 * static_cast<std::uint32_t>(name); }
inline constexpr std::uint32_t kMostForDestination = octets_of_destination(255);  // RFC 5321 4.5.3.1.2

// Not thread-safe.
class WaitingMail {
 public:
  explicit WaitingMail(std::uint64_t limit = UINT64_MAX) : limit_(limit) {}
  void set_limit(std::uint64_t limit) { limit_ = limit; }

  // True if this owner may use this many more octets. He may hold as much as he leaves free; and in any case 1/4096 of the limit, as long
  // as at most 1/16 is used beyond it: 256 owners get that even if others have left nothing free.
  bool fits(const proto::ShareOwner& owner, std::uint64_t octets) const;
  // True if one more notice about this owner's mail may wait. Notices may use a quarter of the limit on top of it, so that each is stored
  // in the end: a message whose notice is pending ends with it.
  bool fits_notice(const proto::ShareOwner& owner) const;
  void add(const proto::ShareOwner& owner, std::uint64_t octets);
  void remove(const proto::ShareOwner& owner, std::uint64_t octets);

  std::uint64_t limit() const { return limit_; }
  std::uint64_t octets() const { return octets_; }
  std::uint64_t octets_of(const proto::ShareOwner& owner) const;

 private:
  bool fits_within(std::uint64_t limit, const proto::ShareOwner& owner, std::uint64_t octets) const;

  std::uint64_t limit_;
  std::uint64_t octets_ = 0;
  boost::unordered_flat_map<proto::ShareOwner, std::uint64_t> of_owner_;  // only owners that hold something
};

}  // namespace mxpress::queue
