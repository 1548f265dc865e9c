// Remembers the address family that works with a mail host.
#include "mta/transport/family_memory.h"

#include <algorithm>

#include "dns/target.h"

namespace mxpress::mta::transport {

void FamilyMemory::remember(const std::string& host, bool works_over_v6, queue::Instant now) {
  const bool is_new = hosts_.insert_or_assign(host, Entry{works_over_v6, now + kRemember}).second;
  if (is_new) order_.push_back(host);
  if (hosts_.size() <= kLimit) return;
  hosts_.erase(order_.front());
  order_.pop_front();
}

std::optional<bool> FamilyMemory::works_over_v6(const std::vector<dns::Target>& targets, queue::Instant now) const {
  if (hosts_.empty()) return std::nullopt;
  std::optional<bool> family;
  for (const dns::Target& target : targets) {
    const auto found = hosts_.find(target.host);
    if (!family && found != hosts_.end() && now < found->second.until) family = found->second.works_over_v6;
  }
  const auto is_of_it = [&](const dns::Target& target) { return family == target.address.is_v6; };
  return std::any_of(targets.begin(), targets.end(), is_of_it) ? family : std::nullopt;
}

}  // namespace mxpress::mta::transport
