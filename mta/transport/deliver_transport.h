// Delivers mail to users of this host, through mxpress-deliver.
#pragma once

#include "mta/transport/transport.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::system {
class Descriptor;
}
namespace mxpress::mta::mailstore {
enum class Forwarding : std::uint8_t;
struct Reply;
}  // namespace mxpress::mta::mailstore

namespace mxpress::mta::transport {

class Forwarder;
struct OneResult;

// Each user is a site of his own: a mailbox that cannot be written backs off alone, and a home that hangs delays nobody else.
class DeliverTransport final : public Transport {
 public:
  static constexpr std::size_t kMostOrders = 4;  // each has content of up to kInlineContent octets in memory

  // `files`: reads content; null: reads at once (simulations). `forwarder` must outlive it.
  DeliverTransport(fairness::FileTurns* files, Forwarder& forwarder) : files_(files), forwarder_(forwarder) {}

  // Delivers a copy to each recipient, one after the other; after a deferred one the rest is deferred, too. A user's ~/.forward is read
  // before the mailbox is used.
  Task<AttemptReport> deliver(Order& order) override;
  std::size_t most_orders(const Config&) const override { return kMostOrders; }
  std::size_t most_orders_at_site(const Config&) const override { return 1; }
  bool keeps_site(std::uint32_t) const override { return false; }
  void stop() override {}

 private:
  // One recipient, with all data for its delivery.
  struct Letter;
  Task<OneResult> deliver_one(const Order& order, std::uint32_t recipient);
  Task<mailstore::Reply> ask(const Letter& letter, std::string user, mailstore::Forwarding forwarding);
  Task<proto::RecipientResult> deliver_to_mailbox(const Letter& letter, std::string remark);
  Task<proto::RecipientResult> forward(const Letter& letter, mailstore::Reply file);

  fairness::FileTurns* files_;
  Forwarder& forwarder_;
};

}  // namespace mxpress::mta::transport
