// The interface for handing a message on. The scheduler knows only this interface, not whether a mail host or a mailbox is behind it.
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
namespace mxpress::mta::replies {
class RuleSet;
}

namespace mxpress::mta::transport {

struct SessionTerms;
using rates::Hold;

inline constexpr std::size_t kManyRecipients = 100;  // of one order
inline constexpr std::size_t kFewWords = 200;        // octets of each stored reply of an order with many

struct Order {
  std::shared_ptr<const queue::Message> message;  // shared: with thousands of domains one copy serves all their jobs
  std::vector<std::uint32_t> recipients;          // indices, all pending; one at least
  std::vector<dns::Target> targets;               // as they were found; none for transports without a host
  std::uint32_t site = 0;                         // number of the SessionKey whose sessions may serve it
  std::shared_ptr<const SessionTerms> terms;      // of that key: new sessions are opened with them
  bool is_by_route = false;                       // its hosts come from the configuration, not the DNS
  fairness::Owner owner;                          // of the message; his share of connections is used
  std::size_t most_connections = 1;               // of all orders, to one address
  std::shared_ptr<const Config> config;
  std::shared_ptr<const replies::RuleSet> rules{};  // null: no reply has an effect on the attempt
  Hold* limit = nullptr;  // asked before each transaction; if it refuses, recipients are left out. Null: no rate limit
  std::function<bool()>
      wanted;  // asked before each host and transaction: false if the operator has withdrawn the message, or the daemon stops
  // Asked before the message itself goes to a host, a mailbox or a command: false, for the same reasons, if it must not. Null: it may. Once
  // it was true, a stop waits for the outcome.
  std::function<bool()> hand_over;
  std::function<void(const dns::Target&)> trying;  // called before each host
};

// One for each worker. Thread: its worker's. Must outlive the orders in progress.
class Transport {
 public:
  virtual ~Transport() = default;

  // Asked before the message of an order is read: the reason why its hosts accept no more connections for this owner's mail now. Nullopt:
  // deliver() may be called. The order has no message and no recipients. See when_room() for the time after a refusal.
  virtual std::optional<proto::HostResult> busy_now(const Order&) { return std::nullopt; }
  // Never throws because of a host or a disk. The order must outlive it; its targets are sorted into the order in which they are tried.
  virtual Task<AttemptReport> deliver(Order& order) = 0;
  // Called after busy_now() has refused, or a report said `is_busy`: there is room for mail of this owner at this site. Returns true if a
  // delivery begins.
  using Room = std::function<bool(std::uint32_t site, const fairness::Owner& owner)>;
  virtual void when_room(Room) {}
  // The number of orders that may be in progress at a time, for all sites together; at least 1.
  virtual std::size_t most_orders(const Config& config) const = 0;
  // The same for one site that needs no lookup; at least 1.
  virtual std::size_t most_orders_at_site(const Config& config) const { return most_orders(config); }
  // True if something is kept for the site's next order: its number must not be reused yet.
  virtual bool keeps_site(std::uint32_t site) const = 0;
  // No new orders follow: drops everything kept for them.
  virtual void stop() = 0;
};

}  // namespace mxpress::mta::transport
