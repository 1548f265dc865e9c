// Shares the work of validation between the owners of questions.
#pragma once

#include <memory>
#include <optional>

#include "dns/async.h"
#include "dns/unbound.h"
#include "proto/share_owner.h"

namespace mxpress::dns {

// libunbound computes the signatures of all answers on one thread, and the owner of a zone decides how much work these are. So there are
// two instances, the lanes. In the quick lane an owner has two questions at a time, and none while he has lately used up his share of its
// thread (LaneUse). What finds no place there for a second goes to the other lane, which has room for many questions that take their time.
// In each lane owners take turns. Thread: that of `executor`.
class ValidationLanes {
 public:
  using Owner = proto::ShareOwner;

  // Error: libunbound does not take the settings.
  static Result<std::shared_ptr<ValidationLanes>> open(Executor executor, const UnboundSettings& settings);
  ~ValidationLanes();
  ValidationLanes(const ValidationLanes&) = delete;
  ValidationLanes& operator=(const ValidationLanes&) = delete;

  // May be destroyed before its coroutines. `beside`: a question whose answer libunbound will soon need. It shares the place of the first
  // one, and is asked only in the quick lane, for an owner who has used little of it.
  Task<ValidatedAnswer> ask(Question question, std::optional<Question> beside, Owner owner, BootTime deadline);
  // See Unbound::close().
  void close();

 private:
  class Core;
  explicit ValidationLanes(std::shared_ptr<Core> core);
  const std::shared_ptr<Core> core_;  // shared with coroutines and questions in progress
};

}  // namespace mxpress::dns
