// How the durable states of a message change: pure rules, the same for memory, replay and `mxpress show`.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "queue/message.h"
#include "queue/spool.h"

namespace mxpress::queue {

struct ActionTaken {
  ActionKind kind = ActionKind::hold;
  WallTime time{};
};

// A notice for these recipients has become durable.
struct Told {
  std::vector<std::uint32_t> recipients;
  NewMessage::NoticeFor::Kind kind = NewMessage::NoticeFor::Kind::failure;
  WallTime time{};
};

using StateChange = std::variant<Settlement, ActionTaken, Told>;

struct StoredChange {
  std::uint32_t sequence = 0;
  StateChange change;
};

inline constexpr std::size_t kAttemptsKept = 50;

// What a settlement makes of a stage. A result of the network is never undone; what was removed stays removed, unless it was delivered.
RecipientStage settled(RecipientStage now, RecipientStage reported);
RecipientStage acted_on(RecipientStage now, ActionKind action);
RecipientStage told(RecipientStage now, NewMessage::NoticeFor::Kind kind);

// The stages of a message's recipients, one octet each: all that stays in memory of them.
struct Stages {
  std::string of;
  bool held = false;

  void apply(const StateChange& change);
  bool finished() const;  // nothing pending, nothing owed
};

// Leaves out what later changes have made void, so that they give the same message: of each recipient that waits only its last state is
// needed, and of the attempts the latest. `changes` in order.
void shorten(std::vector<StoredChange>& changes);

// Indices out of range are ignored.
void apply_change(Message& message, const StateChange& change);

}  // namespace mxpress::queue
