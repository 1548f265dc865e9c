// How the durable states of a message change: pure rules, the same for memory, replay and `mxpress show`.
#pragma once

#include <cstdint>
#include <memory>
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

// The stages of a message's recipients: all that stays in memory of them. Most messages have one recipient.
class Stages {
 public:
  Stages() = default;
  explicit Stages(std::size_t recipients);
  void apply(const StateChange& change);
  bool finished() const;  // nothing pending, nothing owed

 private:
  void take(const Settlement& settlement);
  void take(const ActionTaken& action);
  void take(const Told& notice);
  using Octet = std::uint8_t;  // a RecipientStage
  static RecipientStage stage(Octet octet) { return static_cast<RecipientStage>(octet); }
  Octet* at(std::size_t recipient);  // null: there is no such recipient

  std::unique_ptr<std::vector<Octet>> others_;  // of the second and further recipients; null for one
  Octet first_ = static_cast<Octet>(RecipientStage::ended);
};

// Leaves out what later changes have made void, so that they give the same message: of each recipient that waits only its last state is
// needed, and of the attempts the latest. `changes` in order.
void shorten(std::vector<StoredChange>& changes);

// Indices out of range are ignored.
void apply_change(Message& message, const StateChange& change);

}  // namespace mxpress::queue
