// The part of a rate limit that one delivery has reserved.
#pragma once

#include <cstddef>
#include <memory>

#include "mta/rates/rate_limits.h"

namespace mxpress::mta::rates {

// Made for one message to one recipient. When it is destroyed it releases amounts that were not counted; a transaction that had begun and
// has not ended counts, with all recipients. Thread: the worker's.
class Hold {
 public:
  Hold(RateLimits& limits, std::shared_ptr<RateLimits::Entry> entry);
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold();

  // The number of recipients that a delivery asks for, in transactions of up to `per_transaction`, sharing the free amount with `others`.
  struct Wish {
    std::size_t recipients = 1, per_transaction = 1, others = 0;
  };
  // True: the wished amount is free, but must be recorded first, by RateLimits::save().
  bool needs_record(const Wish& wish);
  // Takes as much of it as is free and recorded. Returns the number of recipients that it allows: at least 1.
  std::size_t extend(const Wish& wish);

  // Call it before each transaction, which may use all held recipients. False: the limit allows no further one.
  bool begin_transaction();
  // Call it after the transaction. `recipients`: number that the host has answered for; 0: nothing was sent.
  void end_transaction(std::size_t recipients);
  // The host has refused mail because it came too fast.
  void was_refused();

 private:
  // The amount that the wish needs in addition to the held one, of `free`; at most `most` of it.
  Amount rest_of(const Wish& wish, const Amount& free, const Amount& most) const;

  RateLimits& limits_;
  const std::shared_ptr<RateLimits::Entry> entry_;  // shared: see RateLimits
  Amount held_{1, 1};
  bool has_begun_ = false;
};

}  // namespace mxpress::mta::rates
