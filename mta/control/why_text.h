// Explains in sentences where a message is: state, cause, evidence, who must act, what to do.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mta/control/messages.h"
#include "proto/outcome.h"
#include "proto/queue_id.h"
#include "proto/time.h"

namespace mxpress::mta::replies {
class RuleSet;
}

namespace mxpress::mta::control {

// Where a message is for one recipient. In this order: of several recipients the first one is explained.
enum class FateKind : std::uint8_t { failed, expired, held, waits, unknown, returned, removed, delivered };
inline constexpr std::size_t kFates = 8;
// "failed"
std::string_view to_string(FateKind kind);

struct Fate {
  FateKind kind = FateKind::unknown;
  std::string recipient;
  std::optional<proto::HostResult> result;
  WallTime time{};                   // of the result
  std::optional<WallTime> next_try;  // if it waits
};

struct MessageFate {
  proto::QueueId id;
  std::string sender, message_id;  // not known: empty
  std::optional<WallTime> submitted;
  Fate explained;
  std::array<std::uint64_t, kFates> counts{};  // recipients of each kind
};

// Fills everything but the history. `rules` may be null.
void explain_fate(control_pb::WhyInfo& info, const MessageFate& fate, const replies::RuleSet* rules);
// "mx.example [192.0.2.1:25] said: 550 5.1.1 no such user"
std::string said(const proto::HostResult& result);
// The id that the host gave the message, from its reply to the content; empty: it names none.
std::string id_in_reply(std::string_view reply);

}  // namespace mxpress::mta::control
