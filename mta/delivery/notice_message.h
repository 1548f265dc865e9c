// The recipients and the text of a notice to a sender: from the states of a message to the report that is stored. RFC 3464.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mta/delivery/site_failure.h"
#include "mta/routing/destination_name.h"
#include "proto/result.h"
#include "queue/changes.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::delivery {

// The reason why a message waits at a destination.
struct NoticeDelay {
  routing::DestinationName destination;
  std::optional<SiteFailure> failure;
  WallTime will_retry_until{};
};

struct NoticeRequest {
  queue::NoticeKind kind;
  std::vector<std::uint32_t> recipients;  // indices into the message's
  std::vector<NoticeDelay> delays{};      // for a delay notice
};

// All waiting recipients to report, in any destination, those with a known reason first; none if the sender was notified before.
std::vector<std::uint32_t> delayed_recipients(const queue::Message& message, const std::vector<NoticeDelay>& delays, const Config& config);

// The header at least, and everything if the notice may return it: up to proto::kMaxReturnedMessage octets. Reads the disk.
Result<std::string> read_original(const queue::Content& content);

// The notice with the queue id `id`, ready to be stored: in the same step no notice for these recipients is pending any more. `original`:
// result of read_original(). `boundary`: a random number, so that nobody can guess the MIME boundary.
queue::NewMessage compose_notice(queue::QueueId id, const queue::Message& message, const Result<std::string>& original,
                                 const NoticeRequest& request, const Config& config, std::uint64_t boundary);

}  // namespace mxpress::mta::delivery
