// SMTP sessions that are open and wait for another message.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

#include "mta/transport/target_connections.h"
#include "queue/instant.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::mta::smtp {
class ClientSession;
}

namespace mxpress::mta::transport {

// Each belongs to the site whose order opened it, and serves that site's orders alone. Thread: of its worker.
class SessionPool {
 public:
  struct Session {
    Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    TargetConnections::Hold connection;  // goes after the client, which closes it
    std::unique_ptr<smtp::ClientSession> client;
    explicit operator bool() const { return client != nullptr; }
  };

  void put(std::uint32_t site, Session session, Instant now);
  // A session of this site to `target`, the one that has waited longest; or none.
  Session take(std::uint32_t site, const dns::Target& target);
  bool has(std::uint32_t site) const { return first_.contains(site); }
  std::size_t size() const { return entries_.size(); }
  // Since when the one that has waited longest does so.
  std::optional<Instant> oldest() const;
  // That one. Of one or more.
  Session take_oldest();
  // One that others want, or none.
  Session take_wanted();

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
