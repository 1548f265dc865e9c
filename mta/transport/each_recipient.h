// An attempt without a mail host, which delivers to its recipients one by one.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "mta/transport/transport.h"

namespace mxpress::mta::transport {

// What a deferral says. A message may have met it by its size, sender, recipient or content: then it counts as a failure after MAIL does
// (delivery/suspicion.h), and whoever sends such a message keeps no other mail waiting.
enum class FailureOf { message, site };

struct OneResult {
  OneResult(proto::RecipientResult found, FailureOf failure = FailureOf::message) : result(std::move(found)), failure_of(failure) {}

  proto::RecipientResult result;
  FailureOf failure_of;  // if it is deferred
};

// Calls `deliver_one` for each recipient of the order, one after the other, as long as the message is wanted. Behind one that is deferred
// the rest is, too, for the same reason; the site has failed then, by that message or by itself.
Task<AttemptReport> deliver_each(const Order& order, std::function<Task<OneResult>(std::uint32_t recipient)> deliver_one);

// The result for one recipient, found by this host. `text` must be clean.
proto::RecipientResult local_result(proto::Outcome outcome, proto::EnhancedStatus status, std::string text);

}  // namespace mxpress::mta::transport
