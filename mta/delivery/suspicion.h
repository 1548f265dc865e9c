// Decides if a failure after MAIL concerns one message, some owners' mail, or the mail hosts.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "proto/outcome.h"
#include "proto/queue_id.h"
#include "proto/share_owner.h"

namespace mxpress::mta::delivery {

// A host's failure from MAIL on (421 or 4.3.x to MAIL, RCPT, DATA or the content; a reset) may be about the message: its sender, size,
// recipient or content. It counts against the site only if another message has it too, with none accepted in between, and then only for
// owners whose mail had it: nobody who makes a host fail, even with the mail of many users, can delay anybody else's mail. Data of one
// site, of this run.
class Suspicion {
 public:
  enum class Counts {
    message,  // no other message has had it: only this message waits
    owners,   // other messages have had it, too
    site,     // so has mail of more than kMostOwners owners
  };
  enum class Backoff { none, active };              // of the site, before this failure
  static constexpr std::size_t kMostOwners = 1000;  // that are remembered

  // `message` of this owner (unknown: perhaps anybody) failed in the envelope (`Stage::rcpt`) or in the content (`Stage::content`). During
  // a backoff of the site failures of both stages count as the same.
  Counts met(proto::QueueId message, const proto::ShareOwner& owner, proto::Stage stage, Backoff backoff);
  // Mail of owners who have not had it may try the host in spite of the backoff.
  bool is_of_owners() const { return known_ && known_->counts == Counts::owners; }
  // True if mail of this owner may do so, because none of it has had the failure.
  bool may_ask(const proto::ShareOwner& owner) const;
  void clear() { known_.reset(); }

 private:
  struct Known {
    proto::QueueId message;                 // the latest that had it
    std::vector<proto::ShareOwner> owners;  // of the messages that had it
    proto::Stage stage;
    Counts counts;
    bool is_partly_unknown;  // some owners are unknown: anybody may have submitted those messages by another way
  };
  void add(const proto::ShareOwner& owner);
  bool has_met(const proto::ShareOwner& owner) const;

  std::unique_ptr<Known> known_;  // null without a failure, the usual case
};

}  // namespace mxpress::mta::delivery
