// Classifies failures after MAIL by the messages and owners that had them.
#include "mta/delivery/suspicion.h"

#include <algorithm>

namespace mxpress::mta::delivery {

Suspicion::Counts Suspicion::met(proto::QueueId message, const proto::ShareOwner& owner, proto::Stage stage, Backoff backoff) {
  const bool is_same_failure = known_ && (known_->stage == stage || backoff == Backoff::active);
  if (!is_same_failure) {
    known_ = std::make_unique<Known>(Known{message, {}, stage, Counts::message, false});
    add(owner);
    return Counts::message;
  }
  add(owner);
  if (known_->message == message) return Counts::message;
  known_->message = message;
  known_->stage = stage;
  return known_->counts = known_->owners.size() > kMostOwners ? Counts::site : Counts::owners;
}

void Suspicion::add(const proto::ShareOwner& owner) {
  auto& [message, owners, stage, counts, is_partly_unknown] = *known_;
  if (!owner.is_known())
    is_partly_unknown = true;
  else if (owners.size() <= kMostOwners && !has_met(owner))
    owners.push_back(owner);
}

bool Suspicion::has_met(const proto::ShareOwner& owner) const {
  return std::find(known_->owners.begin(), known_->owners.end(), owner) != known_->owners.end();
}

bool Suspicion::may_ask(const proto::ShareOwner& owner) const {
  if (!is_of_owners()) return false;
  return owner.is_known() ? !has_met(owner) : !known_->is_partly_unknown;
}

}  // namespace mxpress::mta::delivery
