// The sites in backoff that a spool remembers, with the place of the latest record of each; bounded in number, size and age.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "queue/message_store.h"
#include "queue/record.h"
#include "queue/small_text.h"

namespace mxpress::queue {

// The record with key and texts cut to their limits. All records that are written and read go through it.
SiteRecord within_limits(SiteRecord site);
// Octets of its record in the journal, at least.
std::uint64_t octets_of(const SiteRecord& site);

// Beyond a limit the sites whose next probe came first are forgotten, so no host is probed earlier than it would have been anyway.
class Sites {
 public:
  static constexpr std::size_t kMaxRecords = 10'000;
  static constexpr std::uint64_t kMaxOctets = 4u << 20;              // of their records
  static constexpr Duration kKeptAfterProbe = std::chrono::days(1);  // no mail for it since its next probe was due

  struct Known {
    Location location;
    std::uint32_t octets = 0;
    WallTime next_probe{};
  };
  using Map = SmallTextMap<Known>;

  // Limit for the records of all sites together: less than kMaxOctets if the segments of the journal are small.
  void limit_octets(std::uint64_t octets) { max_octets_ = std::min(kMaxOctets, octets); }
  // The site is in backoff, and this is the place of its latest record.
  void set(const SiteRecord& site, Location location) {
    set(site.site, {location, static_cast<std::uint32_t>(octets_of(site)), site.next_probe});
  }
  void set(std::string_view name, Known known);
  void erase(std::string_view name);
  void forget_old(WallTime now);
  // Null if it is not known to be in backoff.
  const Known* find(std::string_view name) const;
  std::vector<std::string> in_segment(std::uint32_t segment) const;
  std::size_t size() const { return known_.size(); }
  std::uint64_t octets() const { return octets_; }
  Map::const_iterator begin() const { return known_.begin(); }
  Map::const_iterator end() const { return known_.end(); }

 private:
  void forget_first();

  Map known_;
  std::uint64_t octets_ = 0;
  std::uint64_t max_octets_ = kMaxOctets;
};

}  // namespace mxpress::queue
