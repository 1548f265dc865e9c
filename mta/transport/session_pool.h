// Open SMTP sessions that wait for another message.
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

// Each belongs to the site whose order opened it, and serves only that site's orders. Thread: of its worker.
class SessionPool {
 public:
  struct Session {
    Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    TargetConnections::Hold connection;  // declared before the client, so that it is destroyed after the client has closed
    std::unique_ptr<smtp::ClientSession> client;
    explicit operator bool() const { return client != nullptr; }
  };

  void put(std::uint32_t site, Session session, Instant now);
  // The session of this site to `target` that has waited longest, or none.
  Session take(std::uint32_t site, const dns::Target& target);
  bool has(std::uint32_t site) const { return first_.contains(site); }
  std::size_t size() const { return entries_.size(); }
  // The time since which the longest waiting session waits.
  std::optional<Instant> oldest() const;
  // Takes that session. There must be one.
  Session take_oldest();
  // A session whose connection others want, or none.
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
