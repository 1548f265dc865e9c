// How the durable states of a message change: pure rules, the same for memory, replay and `mxpress show`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "queue/changes.h"
#include "queue/message.h"
#include "queue/stages.h"

namespace mxpress::queue {

struct ActionTaken {
  ActionKind kind = ActionKind::hold;
  WallTime time{};
};

// A notice for these recipients has become durable, or a message that goes on in their place.
struct Told {
  std::vector<std::uint32_t> recipients;
  NewMessage::NoticeFor::Kind kind = NewMessage::NoticeFor::Kind::failure;
  WallTime time{};
};

struct StoredChange {
  std::uint32_t sequence = 0;
  StateChange change;
};

inline constexpr std::size_t kAttemptsKept = 50;

// What a settlement makes of a stage. A result of the network is never undone; what was removed stays removed, unless it was delivered.
RecipientStage settled(RecipientStage now, RecipientStage reported);
RecipientStage acted_on(RecipientStage now, ActionKind action);
RecipientStage told(RecipientStage now, NewMessage::NoticeFor::Kind kind);

// Leaves out what later changes have made void, so that they give the same message: of each recipient that waits only its last state is
// needed, and of the attempts the latest. `changes` in order.
void shorten(std::vector<StoredChange>& changes);

// Octets of one record of a change; a settlement of more recipients than that holds becomes several.
inline constexpr std::size_t kMaxChange = 4u << 20;
// The same changes in settlements whose records are about this long. The first tells of the attempt.
std::vector<Settlement> split(Settlement settlement, std::size_t octets = kMaxChange);
// Cuts what hosts said and forgets the attempts: the states of as many recipients as a message may have fit into its file then.
void shorten_words(std::vector<StoredChange>& changes);

// Only the states of the recipients. To do it twice is the same as once.
void apply_states(Message& message, const std::vector<Settlement::Change>& changes);
// Indices out of range are ignored.
void apply_change(Message& message, const StateChange& change);

}  // namespace mxpress::queue
