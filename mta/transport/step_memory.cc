// Remembers the mail hosts that get one command at a time.
#include "mta/transport/step_memory.h"

#include "mta/smtp/client.h"

namespace mxpress::mta::transport {
namespace {

std::string key_of(const dns::Target& target) { return target.host + " " + target.address_text(); }

}  // namespace

smtp::Pipelining StepMemory::pipelining_for(const dns::Target& target, queue::Instant now) const {
  if (until_.empty()) return smtp::Pipelining::where_offered;
  const auto found = until_.find(key_of(target));
  return found != until_.end() && now < found->second ? smtp::Pipelining::never : smtp::Pipelining::where_offered;
}

void StepMemory::remember(const dns::Target& target, queue::Instant now) {
  auto [entry, is_new] = until_.insert_or_assign(key_of(target), now + kRemember);
  if (is_new) order_.push_back(entry->first);
  if (until_.size() <= kLimit) return;
  until_.erase(order_.front());
  order_.pop_front();
}

}  // namespace mxpress::mta::transport
