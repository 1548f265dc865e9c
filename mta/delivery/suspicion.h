// Whether a failure after MAIL is a failure of one message, of some owners' mail, or of the mail hosts.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "proto/outcome.h"
#include "proto/queue_id.h"
#include "proto/share_owner.h"

namespace mxpress::mta::delivery {

// What a host says or does from MAIL on (421 or 4.3.x to MAIL, RCPT, DATA or the content; a reset) may be about the message: its sender,
// size, recipient or content. It counts against the site only when another message meets it too, with none taken in between, and then only
// for owners whose mail has met it: whoever makes a host fail so, with the mail of however many users, keeps nobody else waiting. Memory of
// one site, of this run.
class Suspicion {
 public:
  enum class Counts {
    message,  // nobody else has met it: only this message waits
    owners,   // other messages have met it, too
    site,     // so has mail of more than kMostOwners owners
  };
  enum class Backoff { none, active };              // of the site, before this failure
  static constexpr std::size_t kMostOwners = 1000;  // that are remembered

  // `message` of this owner (not known: perhaps anybody) failed in the envelope (`Stage::rcpt`) or in the content (`Stage::content`).
  // While the site backs off a failure of either stage is the same one.
  Counts met(proto::QueueId message, const proto::ShareOwner& owner, proto::Stage stage, Backoff backoff);
  // Mail of owners who have not met it may ask the host in spite of the backoff.
  bool is_of_owners() const { return known_ && known_->counts == Counts::owners; }
  // Whether mail of this owner may, because none of it has met it.
  bool may_ask(const proto::ShareOwner& owner) const;
  void clear() { known_.reset(); }

 private:
  struct Known {
    proto::QueueId message;                 // the latest that met it
    std::vector<proto::ShareOwner> owners;  // of those that met it
    proto::Stage stage;
    Counts counts;
    bool is_partly_unknown;  // of some it is not known whose they are: anybody may have handed them in by another way
  };
  void add(const proto::ShareOwner& owner);
  bool has_met(const proto::ShareOwner& owner) const;

  std::unique_ptr<Known> known_;  // null without a failure: most sites have none
};

}  // namespace mxpress::mta::delivery
