// SMTP sessions that are open and wait for another message.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "dns/targets.h"
#include "mta/smtp/client.h"
#include "queue/schedule.h"

namespace mxpress::mta::transport {

using queue::Instant;

// Each belongs to the site whose order opened it, and serves that site's orders alone. Thread: of its worker.
class SessionPool {
 public:
  using Session = std::unique_ptr<smtp::ClientSession>;

  void put(std::uint32_t site, Session session, Instant now);
  // A session of this site to `target`, the one that has waited longest; or null.
  Session take(std::uint32_t site, const dns::Target& target);
  bool has(std::uint32_t site) const { return first_.contains(site); }
  std::size_t size() const { return entries_.size(); }
  // Since when the one that has waited longest does so.
  std::optional<Instant> oldest() const;
  // That one. Of one or more.
  Session take_oldest();

 private:
  struct Entry;
  using Place = std::list<Entry>::iterator;
  struct Entry {
    std::uint32_t site;
    Session session;
    Instant since;
    std::optional<Place> next;  // of the site
  };
  Session take(Place place);

  std::list<Entry> entries_;                               // in the order in which they began to wait
  boost::unordered_flat_map<std::uint32_t, Place> first_;  // of each site with a session
};

}  // namespace mxpress::mta::transport
