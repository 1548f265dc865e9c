// How much memory the mail that waits takes, and whose it is: a bound with fair shares, so that nobody's mail ends the daemon.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "proto/envelope.h"

namespace mxpress::queue {

// About how much memory a message with this envelope takes while it waits, in octets: its entry, its jobs, and what is known of its
// destinations. A destination that many messages share is counted for each of them.
std::uint32_t weight_of(const proto::Envelope& envelope);

// Not thread-safe.
class WaitingMail {
 public:
  explicit WaitingMail(std::uint64_t limit = UINT64_MAX) : limit_(limit) {}
  void set_limit(std::uint64_t limit) { limit_ = limit; }

  // May this owner have so much more? He may hold as much as he leaves free.
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
