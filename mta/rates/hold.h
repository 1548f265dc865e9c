// The part of a rate limit that one delivery has reserved.
#pragma once

#include <cstddef>
#include <memory>

#include "mta/rates/rate_limits.h"

namespace mxpress::mta::rates {

// Made for one message to one recipient. Its end releases what has not been counted; a transaction that had begun and has not ended counts,
// with all recipients. Thread: the worker's.
class Hold {
 public:
  Hold(RateLimits& limits, std::shared_ptr<RateLimits::Entry> entry);
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold();

  // For how many recipients a delivery asks, in transactions of up to `per_transaction`, where it shares what there is with so many others.
  struct Wish {
    std::size_t recipients = 1, per_transaction = 1, others = 0;
  };
  // True: what the wish comes to is free, but has to be recorded first, by RateLimits::save().
  bool needs_record(const Wish& wish);
  // Takes as much of it as is free and recorded. Returns for how many recipients that is: at least 1.
  std::size_t extend(const Wish& wish);

  // Before each transaction; it may have all recipients that are held. False: the limit lets no further one begin.
  bool begin_transaction();
  // Behind it. `recipients`: that the host has answered for; 0: nothing was handed over.
  void end_transaction(std::size_t recipients);

 private:
  // The amount that the wish needs beyond the one held, of `free`; at most `most` of it.
  Amount rest_of(const Wish& wish, const Amount& free, const Amount& most) const;

  RateLimits& limits_;
  const std::shared_ptr<RateLimits::Entry> entry_;  // shared: see RateLimits
  Amount held_{1, 1};
  bool has_begun_ = false;
};

}  // namespace mxpress::mta::rates
