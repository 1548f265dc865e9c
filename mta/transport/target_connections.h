// Counts open connections per address: all workers keep one bound together, with shares for the owners of mail.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "dns/address.h"
#include "mta/fairness/owner.h"
#include "mta/fairness/owner_lines.h"
#include "mta/transport/connection_place.h"
#include "mta/transport/proven_hosts.h"
#include "queue/instant.h"

namespace mxpress::mta::transport {

using queue::Instant;

// Pools have addresses in 100::/64, RFC 6666: no mail host has one there.
inline constexpr std::uint8_t kPoolPrefix = 0x01;

// True if an owner who holds `own` of the `all` connections to an address may open one more. He may always open one if none is open, and
// his first one while any is free; further ones as long as a fifth stays free (a single owner gets 8 of 10), and at least `least_spare`, or
// as many as he leaves free.
bool may_open(std::size_t bound, std::size_t all, std::size_t own, std::size_t least_spare = 0);

// A site is a set of names, and the owner of a domain may put anybody's host into it: so a host is protected by its address, regardless of
// names and ports. Connections count from before they are made until they are closed; idle ones count for the owner of their latest mail. A
// refused asker stands in the address's line; when a connection ends, owners take turns, and it is reserved for the one who is called. Any
// thread.
// The pool of a provider (provider_terms.h) counts the connections to all of its hosts. Any domain may name machines there that take no
// mail or belong to customers: so those to hosts that have not taken mail (ProvenHosts) have half of the pool, of which one owner leaves
// one free, and such hosts teach the pool no bound. One connection of a pool stays free for others if it has several. Memory: addresses
// with connections, kMostLearned others with a learned bound, and ProvenHosts.
class TargetConnections : public std::enable_shared_from_this<TargetConnections> {
 public:
  static constexpr std::size_t kMostLearned = 1'000;
  static constexpr Duration kKept = std::chrono::seconds(2);  // reservation for an asker who was called

  // One worker. Called by any thread under a lock: it must only post its work.
  class Caller {
   public:
    // A connection to the address is reserved for mail of this owner at this site: the caller opens it, or declines.
    virtual void called(const dns::Address& address, std::uint32_t site, const fairness::Owner& owner) = 0;
    // Others need idle connections of this worker.
    virtual void give_way() = 0;

   protected:
    ~Caller() = default;
  };
  using Place = ConnectionPlace;
  enum class Wanted : std::uint8_t { no, by_same_owner, by_another_owner };
  // Identifies who wants a connection.
  struct Asker {
    Caller* caller = nullptr;  // null: nobody is called
    std::uint32_t site = 0;    // of the caller
    fairness::Owner owner;
    bool operator==(const Asker&) const = default;
    friend std::size_t hash_value(const Asker& asker) {  // for boost::hash
      return hash_value(asker.owner) + std::hash<Caller*>()(asker.caller) + asker.site * std::size_t{0x9E3779B97F4A7C15u};
    }
  };

 private:
  struct Entry;
  struct Connection;

 public:
  // One connection. The holder must close the connection before this is destroyed. Thread: the caller's. May outlive him.
  class Hold {
   public:
    Hold() = default;  // none
    Hold(Hold&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(connection_, other.connection_);
      return *this;
    }
    ~Hold() {
      if (connection_) release();
    }
    explicit operator bool() const { return connection_ != nullptr; }

    // The connection carries mail of this owner from now on. False: he has no share left for it, and nothing has changed.
    [[nodiscard]] bool use_for(const fairness::Owner& owner);
    // The connection is idle from now on.
    void rest();
    // Tells if another site waits for a connection to the address, so that this one must not be kept long.
    Wanted wanted() const;
    // The host has accepted the connection.
    void was_taken();
    // The host has accepted a message.
    void took_mail();
    // The connection has been closed, and the next one for the same mail goes to `to`. True: it has this one's place in the pool of both
    // hosts, so that the mail need not wait in the line once more.
    [[nodiscard]] bool lead_to(const Place& to);
    // The host has refused the connection for now. True: others are open there, so the host is busy, not failing; their number is the new
    // bound, and the asker stands in the line. In a pool only a host that has taken mail since its last refusal is believed.
    [[nodiscard]] bool was_refused();

   private:
    friend class TargetConnections;
    explicit Hold(Connection* connection) : connection_(connection) {}
    void release();
    Connection* connection_ = nullptr;
  };

  TargetConnections();
  ~TargetConnections();
  TargetConnections(const TargetConnections&) = delete;
  TargetConnections& operator=(const TargetConnections&) = delete;

  // `limit`: as configured, at least 1; the largest value given counts for an address, the latest for a pool. Nullopt: the address is busy
  // for this owner, who now stands in the line.
  std::optional<Hold> open(const Place& place, const Asker& asker, std::size_t limit);
  // True if the host has taken mail, or belongs to no known provider.
  bool has_taken_mail(const Place& place) const;
  // True if open() would refuse him now: then he stands in the line.
  bool must_wait(const Place& place, const Asker& asker);
  // An asker who was called, and may not have asked for the connection yet, needs none.
  void decline(const dns::Address& address, const Asker& asker);
  // Calls nobody from now on.
  void stop();

  struct Use {
    std::size_t open = 0;     // connections
    std::size_t bound = 0;    // of them, now; 0: nothing is known of the address
    std::size_t waiting = 0;  // sites
  };
  Use use_of(const dns::Address& address) const;
  std::size_t open_to(const dns::Address& address) const { return use_of(address).open; }
  std::size_t addresses() const;  // addresses with an entry

 private:
  struct Hash {
    std::size_t operator()(const dns::Address& address) const;
  };

  Entry& entry_of(const dns::Address& address);
  static std::size_t bound_of(const Entry& entry, Instant now);
  static bool has_room(const Entry& entry, const fairness::Owner& owner, bool is_proven, Instant now);
  bool is_proven(const Place& place) const;
  void enter_line(Entry& entry, const Asker& asker, bool is_proven, Instant now);
  void call_next(Entry& entry, Instant now);
  void ask_to_give_way(Entry& entry, const Asker& asker, Instant now);
  void learn(Entry& entry, std::size_t others, Instant now);
  void forget_learned(Entry& entry);
  void forget_oldest(Instant now);
  void forget_if_unused(Entry& entry);

  mutable std::mutex mutex_;
  bool is_stopping_ = false;
  std::unordered_map<dns::Address, Entry, Hash> entries_;  // stable addresses: connections refer to them
  std::list<Entry*> learned_;                              // the one with the oldest refusal first
  ProvenHosts proven_;
};

}  // namespace mxpress::mta::transport
