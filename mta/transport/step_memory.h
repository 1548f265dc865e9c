// Remembers for a day the mail hosts that lose step with pipelined commands: their replies do not match the commands one by one.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>

#include "proto/text_hash.h"
#include "queue/instant.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::mta::smtp {
enum class Pipelining;
}

namespace mxpress::mta::transport {

// Thread: one, that of its worker. A host is its name, address and port, so that events under the name of one domain's host do not affect
// mail for others. Holds at most kLimit hosts; the oldest is dropped for a new one.
class StepMemory {
 public:
  static constexpr Duration kRemember = std::chrono::hours(24);
  static constexpr std::size_t kLimit = 1'000;

  smtp::Pipelining pipelining_for(const dns::Target& target, queue::Instant now) const;
  void remember(const dns::Target& target, queue::Instant now);
  std::size_t size() const { return until_.size(); }

 private:
  std::unordered_map<std::string, queue::Instant, proto::TextHash> until_;
  std::deque<std::string> order_;  // the keys, the oldest first
};

}  // namespace mxpress::mta::transport
