// Delivers mail to this host's own mailbox.
#pragma once

#include "mta/transport/transport.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::transport {

class MailboxTransport final : public Transport {
 public:
  static constexpr std::size_t kMostOrders = 4;  // each has its content in memory

  // `files`: writes; null: writes at once (simulations).
  explicit MailboxTransport(fairness::FileTurns* files) : files_(files) {}

  // Delivers one copy for all recipients. A copy that cannot be written is deferred (4.2.0), which is no failure for other messages.
  Task<AttemptReport> deliver(Order& order) override;
  std::size_t most_orders(const Config&) const override { return kMostOrders; }
  bool keeps_site(std::uint32_t) const override { return false; }
  void stop() override {}

 private:
  fairness::FileTurns* files_;
};

}  // namespace mxpress::mta::transport
