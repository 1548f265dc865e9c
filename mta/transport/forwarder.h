// Forwards a message by a ~/.forward: as a new message that replaces one recipient.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "dns/async.h"
#include "proto/envelope.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::queue {
class MessageStore;
struct Message;
}  // namespace mxpress::queue

namespace mxpress::mta {
struct Config;
namespace fairness {
class FileTurns;
}
}  // namespace mxpress::mta

namespace mxpress::mta::transport {

// True if the header at the start of the text has a Delivered-To of that mailbox: the message has been forwarded from there before.
bool was_delivered_to(std::string_view text, const proto::Mailbox& mailbox);

// Thread of forward(): any; admit is called on it.
class Forwarder {
 public:
  struct Parts {
    queue::MessageStore& spool;
    fairness::FileTurns* files;                                         // reads and writes content; null: at once (simulations)
    std::function<void(proto::QueueId, const proto::Envelope&)> admit;  // called for a new message that is durable
    // Holds a message that is more than its forwarder may send; null: none is.
    std::function<void(const Config&, proto::QueueId, proto::Envelope&)> hold_excess{};
  };
  explicit Forwarder(Parts parts) : parts_(std::move(parts)) {}

  struct From {
    const queue::Message& message;
    std::uint32_t index;     // the recipient with the ~/.forward
    std::int64_t forwarder;  // the uid of the user whose ~/.forward it is
  };
  // Stores a copy for `recipients`, with a Delivered-To of the recipient in front; sender and notices are kept, and the user who forwards
  // owns it (Submitter::forwarder). Storing the copy and marking the recipient as delivered is one step in the spool, so the copy goes to
  // the recipients that were found the first time. Durable when it returns the id of the copy. Error (transient): nothing has changed; also
  // if the forwarder's share of the memory for waiting mail is used up. `from` and `config` must outlive the call.
  Task<Result<proto::QueueId>> forward(const From& from, std::vector<proto::Recipient> recipients, const Config& config);

 private:
  Parts parts_;
};

}  // namespace mxpress::mta::transport
