// Failures after MAIL, told apart by who has met them.
#include "mta/delivery/suspicion.h"

#include <algorithm>

namespace mxpress::mta::delivery {

Suspicion::Counts Suspicion::met(proto::QueueId message, std::int64_t uid, proto::Stage stage, Backoff backoff) {
  const bool is_same_failure = known_ && (known_->stage == stage || backoff == Backoff::active);
  if (!is_same_failure) {
    known_ = std::make_unique<Known>(Known{message, uid, stage, Counts::message, uid < 0});
    return Counts::message;
  }
  if (known_->message == message) return Counts::message;
  // Who hands in by two ways, and is known by one of them only, is not two users.
  const bool are_two_users = uid >= 0 && known_->uid >= 0 && uid != known_->uid;
  const auto counts = are_two_users || known_->counts == Counts::site ? Counts::site : Counts::user;
  *known_ = {message, std::max(uid, known_->uid), stage, counts, known_->is_partly_unknown || uid < 0};
  return counts;
}

bool Suspicion::may_ask(std::int64_t uid) const {
  if (!is_of_one_user()) return false;
  return uid < 0 ? !known_->is_partly_unknown : uid != known_->uid;
}

}  // namespace mxpress::mta::delivery
