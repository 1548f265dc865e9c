// Failures after MAIL, told apart by who has met them.
#include "mta/delivery/suspicion.h"

namespace mxpress::mta::delivery {

Suspicion::Counts Suspicion::met(proto::QueueId message, const proto::ShareOwner& owner, proto::Stage stage, Backoff backoff) {
  const bool is_same_failure = known_ && (known_->stage == stage || backoff == Backoff::active);
  if (!is_same_failure) {
    known_ = std::make_unique<Known>(Known{message, owner, stage, Counts::message, !owner.is_known()});
    return Counts::message;
  }
  if (known_->message == message) return Counts::message;
  // Who hands in by two ways, and is known by one of them only, is not two users.
  const bool are_two_users = owner.is_known() && known_->owner.is_known() && owner != known_->owner;
  const auto counts = are_two_users || known_->counts == Counts::site ? Counts::site : Counts::user;
  *known_ = {message, owner.is_known() ? owner : known_->owner, stage, counts, known_->is_partly_unknown || !owner.is_known()};
  return counts;
}

bool Suspicion::may_ask(const proto::ShareOwner& owner) const {
  if (!is_of_one_user()) return false;
  return owner.is_known() ? owner != known_->owner : !known_->is_partly_unknown;
}

}  // namespace mxpress::mta::delivery
