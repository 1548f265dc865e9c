// Classifies failures after MAIL by the messages, owners and destinations that had them.
#include "mta/delivery/suspicion.h"

#include <algorithm>

namespace mxpress::mta::delivery {

Suspicion::Counts Suspicion::met(proto::QueueId message, const Pair& pair, proto::Stage stage, Backoff backoff) {
  const bool is_same_failure = known_ && (known_->stage == stage || backoff == Backoff::active);
  if (!is_same_failure) {
    known_ = std::make_unique<Known>(Known{message, {}, stage, Counts::message, false});
    add(pair);
    return Counts::message;
  }
  add(pair);
  if (known_->message == message) return Counts::message;
  known_->message = message;
  known_->stage = stage;
  return known_->counts = known_->pairs.size() > kMostPairs ? Counts::site : Counts::owners;
}

void Suspicion::add(const Pair& pair) {
  if (!pair.owner.is_known())
    known_->is_partly_unknown = true;
  else if (known_->pairs.size() <= kMostPairs && !has_met(pair))
    known_->pairs.push_back(pair);
}

bool Suspicion::has_met(const Pair& pair) const {
  return std::any_of(known_->pairs.begin(), known_->pairs.end(), [&](const Pair& known) {
    return known.owner == pair.owner && (known.destination == pair.destination || known.destination == kAnywhere);
  });
}

bool Suspicion::may_ask(const Pair& pair) const {
  if (!is_of_owners()) return false;
  return pair.owner.is_known() ? !has_met(pair) : !known_->is_partly_unknown;
}

}  // namespace mxpress::mta::delivery
