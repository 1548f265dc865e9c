// Whether a failure after MAIL is a failure of one message, of one user's mail, or of the mail hosts.
#pragma once

#include <memory>

#include "proto/outcome.h"
#include "proto/queue_id.h"
#include "proto/share_owner.h"

namespace mxpress::mta::delivery {

// What a host says or does from MAIL on (421 or 4.3.x to MAIL, RCPT, DATA or the content; a reset) may be about the message: its sender,
// size, recipient or content. It counts against the site only when another message meets it too, with none taken in between. Memory of one
// site, of this run.
class Suspicion {
 public:
  enum class Counts {
    message,  // nobody else has met it: only this message waits
    user,     // other messages have met it, all of one owner, or perhaps his
    site,     // so has mail of another owner
  };
  enum class Backoff { none, active };  // of the site, before this failure

  // `message` of this owner (not known: perhaps anybody) failed in the envelope (`Stage::rcpt`) or in the content (`Stage::content`).
  // While the site backs off a failure of either stage is the same one.
  Counts met(proto::QueueId message, const proto::ShareOwner& owner, proto::Stage stage, Backoff backoff);
  // Messages of one user alone have met it, so that mail of some others may ask the host in spite of the backoff.
  bool is_of_one_user() const { return known_ && known_->counts == Counts::user; }
  // Whether mail of this user may, because none of it has met it.
  bool may_ask(const proto::ShareOwner& owner) const;
  void clear() { known_.reset(); }

 private:
  struct Known {
    proto::QueueId message;   // the latest that met it
    proto::ShareOwner owner;  // of those that met it; unknown: of none it is known
    proto::Stage stage;
    Counts counts;
    bool is_partly_unknown;  // of some it is not known whose they are
  };
  std::unique_ptr<Known> known_;  // null without a failure: most sites have none
};

}  // namespace mxpress::mta::delivery
