// The deliveries of a worker in progress, for operators.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <optional>
#include <utility>

#include "dns/target.h"
#include "mta/delivery/deliverer.h"
#include "mta/system/instant.h"

namespace mxpress::mta::delivery {

// Thread: one.
class Flights {
 public:
  void begin(queue::JobIndex job, queue::Instant now) { under_way_[job] = {now, std::nullopt}; }
  // The delivery tries this host from now on.
  void ask(queue::JobIndex job, const dns::Target& target) { under_way_[job].target = target; }
  void end(queue::JobIndex job) { under_way_.erase(job); }

  // The delivery in the form for operators. nullopt: none works on this job, which must be of that message.
  std::optional<Flight> find(queue::JobIndex job, queue::QueueId message) const {
    const auto found = under_way_.find(job);
    if (found == under_way_.end()) return std::nullopt;
    const auto& [since, target] = found->second;
    return Flight{message, system::to_wall(since), target ? target->host : "", target ? target->address_text() : ""};
  }
  // Visits all jobs with a delivery in progress.
  template <class Visit>
  void for_each_job(Visit visit) const {
    for (const auto& [job, flight] : under_way_) visit(job);
  }

 private:
  struct UnderWay {
    queue::Instant since;
    std::optional<dns::Target> target;
  };
  boost::unordered_flat_map<queue::JobIndex, UnderWay> under_way_;
};

}  // namespace mxpress::mta::delivery
