// Delivers mail to commands of aliases, through mxpress-runner.
#pragma once

#include "mta/transport/transport.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::transport {

struct OneResult;

// A site is one command: one that fails backs off alone.
class CommandTransport final : public Transport {
 public:
  static constexpr std::size_t kMostOrders = 4;  // each has content of up to kInlineContent octets in memory

  // `files`: reads content; null: at once (simulations). `workers`: that have one of these each. Together they ask for no more commands
  // than the runner takes: who gets a place is decided by the shares of owners alone.
  CommandTransport(fairness::FileTurns* files, std::size_t workers);

  Task<AttemptReport> deliver(Order& order) override;
  std::size_t most_orders(const Config&) const override { return most_orders_; }
  std::size_t most_orders_at_site(const Config&) const override { return 1; }
  bool keeps_site(std::uint32_t) const override { return false; }
  void stop() override {}

 private:
  Task<OneResult> deliver_one(const Order& order, std::uint32_t recipient);

  fairness::FileTurns* files_;
  const std::size_t most_orders_;
};

}  // namespace mxpress::mta::transport
