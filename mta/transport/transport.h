// How a message is handed on. The scheduler knows this interface alone: not whether a mail host or a mailbox is behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "dns/async.h"
#include "dns/target.h"
#include "mta/fairness/owner.h"
#include "mta/transport/report.h"

namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::rates {
class Hold;
}

namespace mxpress::mta::transport {

struct SessionTerms;
using rates::Hold;

inline constexpr std::size_t kManyRecipients = 100;  // of one order
inline constexpr std::size_t kFewWords = 200;        // octets of each reply that is kept of an order with many

struct Order {
  std::shared_ptr<const queue::Message> message;  // shared: with thousands of domains one copy serves all their jobs
  std::vector<std::uint32_t> recipients;          // indices, all pending; one at least
  std::vector<dns::Target> targets;               // as they were found; none where no host is asked
  std::uint32_t site = 0;                         // whose sessions may serve it: a number that stands for one SessionKey
  std::shared_ptr<const SessionTerms> terms;      // of that key: new sessions are opened on them
  bool is_by_route = false;                       // the configuration names its hosts, not the DNS
  fairness::Owner owner;                          // of the message: whose share of connections it uses
  std::size_t most_connections = 1;               // of all orders, to one address
  std::shared_ptr<const Config> config;
  Hold* limit = nullptr;         // asked before each transaction: one that may not begin leaves its recipients out. Null: no rate limit
  std::function<bool()> wanted;  // asked before each host and transaction: has the operator withdrawn the message?
  std::function<void(const dns::Target&)> trying;  // told before each host
};

// Of one worker. Thread: its worker's. Outlives the orders under way.
class Transport {
 public:
  virtual ~Transport() = default;

  // Asked before the message of an order is read: why its hosts take no more connections of this owner's mail now. None: the order may be
  // given. `targets`: as found. Whom it asks after such an answer: see when_room().
  virtual std::optional<proto::HostResult> busy_now(std::uint32_t, const fairness::Owner&, const std::vector<dns::Target>&) {
    return std::nullopt;
  }
  // Never throws for what a host does, or a disk. The order outlives it; its targets are put into the order in which they are tried.
  virtual Task<AttemptReport> deliver(Order& order) = 0;
  // Whom it asks after busy_now() and reports that said `is_busy`: there is room for mail of this owner at this site; does a delivery
  // begin?
  using Room = std::function<bool(std::uint32_t site, const fairness::Owner& owner)>;
  virtual void when_room(Room) {}
  // How many orders may be under way at a time, all sites together; at least 1.
  virtual std::size_t most_orders(const Config& config) const = 0;
  // And at one site that needs no lookup; at least 1.
  virtual std::size_t most_orders_at_site(const Config& config) const { return most_orders(config); }
  // Something of the site is kept for its next order: its number must not be given to another one yet.
  virtual bool keeps_site(std::uint32_t site) const = 0;
  // No new orders follow: what is kept for them goes.
  virtual void stop() = 0;
};

}  // namespace mxpress::mta::transport
