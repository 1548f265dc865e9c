// Decides if a failure after MAIL concerns one message, some owners' mail for some domains, or the mail hosts.
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
// owners whose mail had it, at destinations where it had it: nobody who makes a host fail, even with the mail of many users, can delay
// anybody else's mail, nor can the owner of a mailbox or a domain delay mail for others' domains. Data of one site, of this run.
class Suspicion {
 public:
  enum class Counts {
    message,  // no other message has had it: only this message waits
    owners,   // other messages have had it, too
    site,     // so has mail of more than kMostPairs owners and destinations
  };
  enum class Backoff { none, active };             // of the site, before this failure
  static constexpr std::size_t kMostPairs = 1000;  // of an owner and a destination that are remembered

  // Whose message, and where to. `destination` is a number made of its name; kAnywhere: the failure concerns all his mail for the site.
  struct Pair {
    proto::ShareOwner owner;
    std::size_t destination;
    bool operator==(const Pair&) const = default;
  };
  static constexpr std::size_t kAnywhere = 0;

  // `message` of this owner (unknown: perhaps anybody) failed in the envelope (`Stage::rcpt`) or in the content (`Stage::content`). During
  // a backoff of the site failures of both stages count as the same.
  Counts met(proto::QueueId message, const Pair& pair, proto::Stage stage, Backoff backoff);
  // Mail that has not had it may try the host in spite of the backoff.
  bool is_of_owners() const { return known_ && known_->counts == Counts::owners; }
  // True if mail of this owner for this destination may do so, because none of it has had the failure.
  bool may_ask(const Pair& pair) const;
  void clear() { known_.reset(); }

 private:
  struct Known {
    proto::QueueId message;   // the latest that had it
    std::vector<Pair> pairs;  // of the messages that had it, with known owners
    proto::Stage stage;
    Counts counts;
    bool is_partly_unknown;  // some owners are unknown: anybody may have submitted those messages by another way
  };
  void add(const Pair& pair);
  bool has_met(const Pair& pair) const;

  std::unique_ptr<Known> known_;  // null without a failure, the usual case
};

}  // namespace mxpress::mta::delivery
