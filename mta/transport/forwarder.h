// Sends a message on by a ~/.forward: as a new message, in place of one recipient.
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

// Whether the header, which the text begins with, has a Delivered-To of that mailbox: the message has been forwarded from there before.
bool was_delivered_to(std::string_view text, const proto::Mailbox& mailbox);

// Thread: forward(): any, that of its caller; admit is called there.
class Forwarder {
 public:
  struct Parts {
    queue::MessageStore& spool;
    fairness::FileTurns* files;                                         // reads and writes content; null: at once (simulations)
    std::function<void(proto::QueueId, const proto::Envelope&)> admit;  // of a new message that is durable
  };
  explicit Forwarder(Parts parts) : parts_(std::move(parts)) {}

  struct From {
    const queue::Message& message;
    std::uint32_t index;     // of the recipient whom the mail came to
    std::int64_t forwarder;  // the uid of the user whose ~/.forward it is
  };
  // A copy for `recipients`, with a Delivered-To of the recipient in front; sender and notices stay, and the user who forwards owns it
  // (Submitter::forwarder). One step in the spool: the copy is stored, and that recipient is delivered. So it goes to those who were found
  // the first time, whatever happens later. Durable when it returns the id of the copy. Error (transient): nothing has changed, also where
  // the forwarder's share of the memory for mail that waits is used up. `from` and `config` outlive the call.
  Task<Result<proto::QueueId>> forward(const From& from, std::vector<proto::Recipient> recipients, const Config& config);

 private:
  Parts parts_;
};

}  // namespace mxpress::mta::transport
