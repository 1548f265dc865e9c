// Mail for users of this host, by mxpress-deliver.
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

// A site is one user: a mailbox that cannot be written backs off alone, and a home that does not answer holds up nobody else.
class DeliverTransport final : public Transport {
 public:
  static constexpr std::size_t kMostOrders = 4;  // each has content of up to kInlineContent octets in memory

  // `files`: reads content; null: at once (simulations). `forwarder` outlives it.
  DeliverTransport(fairness::FileTurns* files, Forwarder& forwarder) : files_(files), forwarder_(forwarder) {}

  // A copy for each recipient, one after the other; behind one that is deferred the rest is, too. A user's ~/.forward is asked for before
  // the mailbox.
  Task<AttemptReport> deliver(Order& order) override;
  std::size_t most_orders(const Config&) const override { return kMostOrders; }
  std::size_t most_orders_at_site(const Config&) const override { return 1; }
  bool keeps_site(std::uint32_t) const override { return false; }
  void stop() override {}

 private:
  // One recipient, and what it takes to deliver it.
  struct Letter;
  Task<proto::RecipientResult> deliver_one(const Order& order, std::uint32_t recipient);
  Task<mailstore::Reply> ask(const Letter& letter, std::string user, mailstore::Forwarding forwarding);
  Task<proto::RecipientResult> deliver_to_mailbox(const Letter& letter, std::string remark);
  Task<proto::RecipientResult> forward(const Letter& letter, mailstore::Reply file);

  fairness::FileTurns* files_;
  Forwarder& forwarder_;
};

}  // namespace mxpress::mta::transport
