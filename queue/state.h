// State transitions of a message: pure rules, the same for memory, replay and `mxpress show`.
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

// A notice for these recipients, or a message that replaces them, has become durable.
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

// The new stage after a settlement. A result of the network is never undone; a removed recipient stays removed, unless it was delivered.
RecipientStage settled(RecipientStage now, RecipientStage reported);
RecipientStage acted_on(RecipientStage now, ActionKind action);
RecipientStage told(RecipientStage now, NewMessage::NoticeFor::Kind kind);

// Drops changes that later ones make void, so that the rest gives the same message: only the last state of each waiting recipient and the
// latest attempts are kept. `changes` in order.
void shorten(std::vector<StoredChange>& changes);

// Octets of one change record; a settlement with more recipients is split into several.
inline constexpr std::size_t kMaxChange = 4u << 20;
// Splits a settlement into ones whose records have about this size. The first has the attempt.
std::vector<Settlement> split(Settlement settlement, std::size_t octets = kMaxChange);
// Shortens replies of hosts and drops the attempts, so that the states of the most recipients that a message may have fit into its file.
void shorten_words(std::vector<StoredChange>& changes);

// Applies only the states of the recipients. Idempotent.
void apply_states(Message& message, const std::vector<Settlement::Change>& changes);
// Indices out of range are ignored.
void apply_change(Message& message, const StateChange& change);

}  // namespace mxpress::queue
