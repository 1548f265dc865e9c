// The submitted mail and its times: steady mail, bursts, newsletters. From a seed.
#pragma once

#include <string>
#include <vector>

#include "queue/message_store.h"
#include "tests/sim/world.h"

namespace mxpress::sim {

struct Arrival {
  Instant at;
  std::uint32_t burst = 0;   // 0: steady mail
  std::uint32_t number = 0;  // within the burst
};

class Traffic {
 public:
  Traffic(const World& world, std::uint64_t messages, Duration span);

  const std::vector<Arrival>& arrivals() const { return arrivals_; }
  // `first_recipient` is the number that the book gives to the first recipient; `id` goes into the content.
  queue::NewMessage compose(const Arrival& arrival, queue::QueueId id, std::uint32_t first_recipient);
  // Occasionally a message is too large for the journal: then the content goes there in pieces.
  bool is_large() { return chance_.one_in(large_one_in_); }
  static std::string large_content(const std::string& header);

 private:
  std::uint32_t any_destination();
  std::size_t recipient_count(const Arrival& arrival);
  proto::Notify any_notify();

  const World& world_;
  Chance chance_;
  std::uint64_t large_one_in_;
  std::vector<Arrival> arrivals_;
};

}  // namespace mxpress::sim
