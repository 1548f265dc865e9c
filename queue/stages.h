// The stages of a message's recipients, packed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

namespace mxpress::queue {

enum class RecipientStage;
struct ActionTaken;
struct Settlement;
struct Told;

using StateChange = std::variant<Settlement, ActionTaken, Told>;

// One octet, stored by the caller: most messages have one recipient.
using StageOctet = std::uint8_t;
// The stages of the second and further recipients.
struct OtherStages {
  std::vector<StageOctet> octets;
  std::uint32_t closed = 0;  // The first `closed` recipients are neither pending nor have a pending notice. No stage is reopened.
};
class Stages {
 public:
  // `others`: null if there are none.
  Stages(StageOctet& first, OtherStages* others) : first_(first), others_(others) {}
  void begin(std::size_t recipients);  // all are pending
  void apply(const StateChange& change);
  // True if nothing is pending. All calls together take time linear in the number of recipients, plus a constant each.
  bool finished();

 private:
  void take(const Settlement& settlement);
  void take(const ActionTaken& action);
  void take(const Told& notice);
  static RecipientStage stage(StageOctet octet) { return static_cast<RecipientStage>(octet); }
  StageOctet* at(std::size_t recipient);  // null: there is no such recipient

  StageOctet& first_;
  OtherStages* others_;
};

}  // namespace mxpress::queue
