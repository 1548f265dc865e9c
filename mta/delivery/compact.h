// Compact per-destination state. Each value takes one allocation, or none if it is empty.
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

// The latest result of a host, for operators.
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
