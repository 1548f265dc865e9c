// Failures after MAIL, told apart by who has met them.
#include "mta/delivery/suspicion.h"

namespace mxpress::mta::delivery {

Suspicion::Counts Suspicion::met(proto::QueueId message, std::int64_t uid, proto::Stage stage, Backoff backoff) {
  const bool is_same_failure = known_ && (known_->stage == stage || backoff == Backoff::active);
  if (!is_same_failure) {
    known_ = std::make_unique<Known>(Known{message, uid, stage, Counts::message});
    return Counts::message;
  }
  if (known_->message == message) return Counts::message;
  const bool is_one_user = uid >= 0 && uid == known_->uid && known_->counts != Counts::site;
  *known_ = {message, uid, stage, is_one_user ? Counts::user : Counts::site};
  return known_->counts;
}

std::optional<std::int64_t> Suspicion::only_user() const {
  return known_ && known_->counts == Counts::user ? std::optional(known_->uid) : std::nullopt;
}

}  // namespace mxpress::mta::delivery
