// The sites in backoff that a spool remembers: where the latest record of each lies; bounded in number, size and age.
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

// The record with a key and texts that are no longer than they may be. All that is written and read goes through it.
SiteRecord within_limits(SiteRecord site);
// At least what its record takes in the journal.
std::uint64_t octets_of(const SiteRecord& site);

// Beyond a limit those go whose next probe came first: who forgets them asks no host earlier than it would have been asked anyway.
class Sites {
 public:
  static constexpr std::size_t kMaxRecords = 10'000;
  static constexpr std::uint64_t kMaxOctets = 4u << 20;              // of their records
  static constexpr Duration kKeptAfterProbe = std::chrono::days(1);  // nobody had mail for it since its next probe was due

  struct Known {
    Location location;
    std::uint32_t octets = 0;
    WallTime next_probe{};
  };
  using Map = SmallTextMap<Known>;

  // Of the records of all together: fewer than kMaxOctets where the segments of the journal are small.
  void limit_octets(std::uint64_t octets) { max_octets_ = std::min(kMaxOctets, octets); }
  // The site backs off, and its latest record lies there.
  void set(const SiteRecord& site, Location location) {
    set(site.site, {location, static_cast<std::uint32_t>(octets_of(site)), site.next_probe});
  }
  void set(std::string_view name, Known known);
  void erase(std::string_view name);
  void forget_old(WallTime now);
  // Null: it is not known to back off.
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
