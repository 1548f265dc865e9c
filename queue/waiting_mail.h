// How much memory the mail that waits takes, and whose it is: a bound with fair shares, so that nobody's mail ends the daemon.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/envelope.h"

namespace mxpress::queue {

// Tells names of domains apart, in memory alone: a keyed hash, of which nobody knows names that have it in common, and a checksum.
using NameHash = std::array<std::uint32_t, 3>;
NameHash hash_of_name(std::string_view name);

// About how much memory a message takes while it waits, in octets.
struct Weight {
  std::uint32_t message = 0;      // its entry, its jobs, and what is known of its second and further destinations
  std::uint32_t destination = 0;  // what is known of its first one, once for all messages of the owner that wait for it
  NameHash name{};                // of the first destination
};
Weight weight_of(const proto::Envelope& envelope);

// Of a message with one recipient, beside its destination.
inline constexpr std::uint32_t kSmallMessage = 256;
// A job, and what is known of a destination: measured with five mail hosts of long names. Its own name is kept three times at most.
constexpr std::uint32_t octets_of_destination(std::size_t name) { return 2100 + 3 * static_cast<std::uint32_t>(name); }
inline constexpr std::uint32_t kMostForDestination = octets_of_destination(255);  // RFC 5321 4.5.3.1.2

// Not thread-safe.
class WaitingMail {
 public:
  explicit WaitingMail(std::uint64_t limit = UINT64_MAX) : limit_(limit) {}
  void set_limit(std::uint64_t limit) { limit_ = limit; }

  // May this owner have so much more? He may hold as much as he leaves free; and a 4,096th part of the limit in any case, as long as no
  // more than a sixteenth part is used beyond it: 256 owners have that, however many others have left nothing.
  bool fits(const proto::ShareOwner& owner, std::uint64_t octets) const;
  // May one more notice about this owner's mail wait? Notices have a quarter of the limit above it, so that one is always stored at last,
  // whatever mail waits: a message whose notice is pending ends with it.
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
  boost::unordered_flat_map<proto::ShareOwner, std::uint64_t> of_owner_;  // who hold something
};

}  // namespace mxpress::queue
