// What a worker keeps of each of many destinations, packed: one piece of memory each, and none where there is nothing to tell.
#pragma once

#include <optional>
#include <vector>

#include "queue/small_text.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::proto {
struct HostResult;
}

namespace mxpress::mta::delivery {

// What a host said last, for those who ask.
class CompactResult {
 public:
  void operator=(const std::optional<proto::HostResult>& result);
  std::optional<proto::HostResult> get() const;

 private:
  queue::SmallText packed_;
};

// The targets of a destination, in their order.
class CompactTargets {
 public:
  void operator=(const std::vector<dns::Target>& targets);
  std::vector<dns::Target> get() const;

 private:
  queue::SmallText packed_;
};

}  // namespace mxpress::mta::delivery
