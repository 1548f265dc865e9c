// Remembers for a day the address family over which a mail host takes mail, because it refused mail over the other one.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/text_hash.h"
#include "queue/instant.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::mta::transport {

// Thread: one, that of its worker. Only a host's own refusal is remembered, under its own name, so that a domain cannot change the order of
// another domain's hosts. Holds at most kLimit hosts; the oldest is dropped for a new one. Of this run.
class FamilyMemory {
 public:
  static constexpr Duration kRemember = std::chrono::hours(24);
  static constexpr std::size_t kLimit = 1'000;

  void remember(const std::string& host, bool works_over_v6, queue::Instant now);
  // The family for mail to these targets: that of the first host that something is remembered of. Nullopt: nothing
  // is, or none of the targets is of it.
  std::optional<bool> works_over_v6(const std::vector<dns::Target>& targets, queue::Instant now) const;
  std::size_t size() const { return hosts_.size(); }

 private:
  struct Entry {
    bool works_over_v6;
    queue::Instant until;
  };
  std::unordered_map<std::string, Entry, proto::TextHash> hosts_;
  std::deque<std::string> order_;  // the keys, the oldest first
};

}  // namespace mxpress::mta::transport
