// Mail for users of this host, by mxpress-deliver.
#pragma once

#include "mta/transport/transport.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::transport {

// A site is one user: a mailbox that cannot be written backs off alone, and a home that does not answer holds up nobody else.
class DeliverTransport final : public Transport {
 public:
  static constexpr std::size_t kMostOrders = 4;  // each has its content in memory

  // `files`: reads content; null: at once (simulations).
  explicit DeliverTransport(fairness::FileTurns* files) : files_(files) {}

  // A copy for each recipient, one after the other; behind one that is deferred the rest is, too.
  Task<AttemptReport> deliver(Order& order) override;
  std::size_t most_orders(const Config&) const override { return kMostOrders; }
  std::size_t most_orders_at_site(const Config&) const override { return 1; }
  bool keeps_site(std::uint32_t) const override { return false; }
  void stop() override {}

 private:
  Task<proto::RecipientResult> deliver_one(const Order& order, std::uint32_t recipient);

  fairness::FileTurns* files_;
};

}  // namespace mxpress::mta::transport
