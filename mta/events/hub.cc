// Passes events to sinks, and counts their losses.
#include "mta/events/hub.h"

#include <exception>
#include <string>

#include "mta/system/log.h"

namespace mxpress::mta::events {

Hub::Hub(const std::vector<Sink*>& sinks) {
  for (Sink* sink : sinks) slots_.emplace_back(*sink);
}

void Hub::emit(const Event& event) noexcept {
  for (Slot& slot : slots_) hand_to(slot, event);
}

// The first failure is logged as a bug; the rest are counted.
void Hub::hand_to(Slot& slot, const Event& event) noexcept try { slot.sink.take(event); } catch (...) {
  if (slot.failed.fetch_add(1, std::memory_order_relaxed) > 0) return;
  try {
    log_bug("the event sink " + std::string(slot.sink.name()), std::current_exception());
  } catch (...) {  // no memory: it is counted
  }
}

std::vector<Hub::Loss> Hub::losses() const {
  std::vector<Loss> losses;
  for (const Slot& slot : slots_) losses.push_back({slot.sink.name(), slot.failed.load(std::memory_order_relaxed) + slot.sink.dropped()});
  return losses;
}

}  // namespace mxpress::mta::events
