// The destinations of a worker: compact state of each, by its index in the schedule.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "mta/delivery/backoff.h"
#include "mta/delivery/forward.h"
#include "mta/routing/destination_name.h"
#include "proto/text_hash.h"
#include "queue/site_record.h"
#include "queue/slab.h"

namespace mxpress::mta::replies {
class RuleSet;
}

namespace mxpress::mta::delivery {

struct Destination {
  bool is_known : 1 = false;  // it has a name
  bool resolving : 1 = false;
  bool probe_wanted : 1 = false;  // probe once the site is known: the operator asked before
  std::uint8_t failures = 0;      // failures in a row after it has left a failed site; 0: it has left none
  std::uint16_t answers = 0;      // number of results found for it so far
  SiteIndex site = queue::kNone;
  DestinationIndex next_member = queue::kNone;  // of the same site
  Instant resolved_until = Instant::min();
  Instant next_wake = Instant::max();  // the earliest arranged time
  CompactTargets targets;
  Backoff backoff;     // of the lookup
  CompactResult last;  // of the latest attempt, unless it delivered

  bool is_resolved(Instant now) const { return resolved_until > now; }
  // Its records have reached the end of their TTL; the rules have not changed.
  bool is_outdated() const { return site != queue::kNone && resolved_until != Instant::min(); }
  // It never needs a lookup.
  bool has_fixed_site() const { return resolved_until == Instant::max(); }
};
static_assert(sizeof(Destination) <= 56);  // there may be a hundred thousand

// Thread: one.
class Destinations {
 public:
  // Beyond `many` destinations less is kept for each.
  Destinations(queue::Schedule& schedule, const CurrentConfig& config, std::size_t many)
      : schedule_(schedule), config_(config), many_(many) {}

  Destination& operator[](DestinationIndex index) { return all_[index]; }
  const Destination& operator[](DestinationIndex index) const { return all_[index]; }
  DestinationIndex size() const { return static_cast<DestinationIndex>(all_.size()); }
  // Valid while the destination is known.
  routing::DestinationRef name(DestinationIndex index) const;
  // Made of the name: another than that of any other destination, but for a chance of 2^-63; not 0.
  std::size_t number(DestinationIndex index) const;
  std::shared_ptr<const queue::RetryPolicy> policy(DestinationIndex index) const;
  // What replies mean, by the configuration; may be null.
  std::shared_ptr<const replies::RuleSet> rules() const;

  // Stores the backoff that an earlier run left for the lookup of a destination.
  void restore_lookup(const std::string& name, const queue::SiteRecord& record) { restored_lookups_[name] = record; }
  // Makes a name of the schedule known. True: it is new.
  bool begin(DestinationIndex index);
  // Forgets a destination without jobs, in the schedule, too: another name may get its index.
  void forget(DestinationIndex index);

  bool are_many() const;
  // The form to keep for each destination: without most of its text, if they are many.
  proto::HostResult brief(proto::HostResult result) const;

 private:
  queue::Schedule& schedule_;
  const CurrentConfig& config_;
  const std::size_t many_;
  queue::Slab<Destination, 64> all_;  // stable addresses: coroutines hold them
  std::unordered_map<std::string, queue::SiteRecord, proto::TextHash> restored_lookups_;
};

}  // namespace mxpress::mta::delivery
