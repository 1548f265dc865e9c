// The resolver of a worker that leaves validation to the daemon's Validator, on another thread.
#pragma once

#include <memory>

#include "dns/resolver.h"

namespace mxpress::dns {

class Validator;

// Thread: the one that runs the executor of its coroutines. May be destroyed before these; `validator` outlives them.
class ValidatingResolver final : public Resolver {
 public:
  ValidatingResolver(std::shared_ptr<Resolver> usual, Validator& validator) : usual_(std::move(usual)), validator_(validator) {}

  Task<Answer> resolve(Question question) override { return usual_->resolve(std::move(question)); }
  Task<Answer> resolve_validated(Question question, proto::ShareOwner owner) override;

 private:
  const std::shared_ptr<Resolver> usual_;
  Validator& validator_;
};

}  // namespace mxpress::dns
