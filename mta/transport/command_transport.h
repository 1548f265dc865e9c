// Delivers mail to commands of aliases, through mxpress-runner.
#pragma once

#include "mta/transport/transport.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::transport {

// Each command is a site of its own: if it fails only its own mail backs off.
class CommandTransport final : public Transport {
 public:
  static constexpr std::size_t kMostOrders = 4;  // each has content of up to kInlineContent octets in memory

  // `files`: reads content; null: reads at once (simulations).
  explicit CommandTransport(fairness::FileTurns* files) : files_(files) {}

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
