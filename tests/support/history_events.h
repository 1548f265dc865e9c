// Events of messages for tests of the history.
#pragma once

#include <string>
#include <vector>

#include "mta/events/event.h"
#include "mta/history/record.h"
#include "proto/envelope.h"

namespace mxpress::testing {

inline proto::Envelope envelope_of(std::int64_t uid, const std::string& sender, const std::vector<std::string>& recipients) {
  proto::Envelope envelope;
  envelope.reverse_path = proto::ReversePath(*proto::Mailbox::parse(sender));
  for (const auto& recipient : recipients) envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, {}});
  envelope.submitter.uid = uid;
  return envelope;
}

inline mta::events::RecipientOutcome outcome_of(mta::events::Disposition disposition, const std::string& recipient, int code,
                                                const std::string& text) {
  mta::events::RecipientOutcome outcome;
  outcome.disposition = disposition;
  outcome.recipient = recipient;
  outcome.result = proto::HostResult{proto::Stage::data, "mx.example.org", "192.0.2.1:25", "TLSv1.3", {}, code, text, false};
  outcome.result->status = proto::EnhancedStatus::parse(text.substr(4, 5)).value_or(proto::EnhancedStatus{code / 100, 0, 0});
  return outcome;
}

// All frames of the event.
inline std::string frames_of(mta::events::Event event, WallTime now) {
  std::string scratch, frames;
  mta::history::encode(event, now, scratch, [&](std::string_view frame) { frames += frame; });
  return frames;
}

inline std::string accepted(std::uint64_t id, const proto::Envelope& envelope, const std::string& message_id, WallTime now) {
  return frames_of(mta::events::Accepted{{id}, envelope, 1234, "<" + message_id + ">"}, now);
}

inline std::string delivered(std::uint64_t id, const std::string& recipient, WallTime now) {
  mta::events::Attempted event{{id}, "me@here.example", {}, {}, {}};
  event.recipients.push_back(outcome_of(mta::events::Disposition::delivered, recipient, 250, "250 2.0.0 Ok: queued as 4ABC"));
  return frames_of(std::move(event), now);
}

}  // namespace mxpress::testing
