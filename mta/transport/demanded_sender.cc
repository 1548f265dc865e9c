// Replaces the sender of an envelope.
#include "mta/transport/demanded_sender.h"

namespace mxpress::mta::transport {

std::optional<proto::Envelope> envelope_under(const std::optional<proto::Mailbox>& sender, const proto::Envelope& own) {
  if (!sender || own.reverse_path.is_null()) return std::nullopt;
  proto::Envelope envelope = own;
  envelope.reverse_path = proto::ReversePath(*sender);
  return envelope;
}

}  // namespace mxpress::mta::transport
