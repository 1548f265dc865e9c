// Leaves validation to the Validator: see validating_resolver.h.
#include "dns/validating_resolver.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <optional>
#include <utility>

#include "dns/validator.h"

namespace mxpress::dns {
namespace {

constexpr auto kPatience = std::chrono::seconds(120);  // the validator's own deadlines are shorter

// An answer on its way between two threads. Owned by the coroutine that waits for it; the other side may outlive that.
struct Delivery {
  explicit Delivery(Executor executor) : home(executor), arrived(executor, BootClock::now() + kPatience) {}
  const Executor home;
  Timer arrived;
  bool has_arrived = false;
  std::optional<Answer> answer;
};

// On the validator's thread.
Task<void> fetch(Validator& validator, Question question, proto::ShareOwner owner, std::weak_ptr<Delivery> delivery, Executor home) {
  std::optional<Answer> answer = co_await validator.resolve(std::move(question), owner);
  asio::post(home, [delivery, answer = std::move(answer)]() mutable {
    const auto waiting = delivery.lock();
    if (!waiting) return;
    waiting->answer = std::move(answer);
    waiting->has_arrived = true;
    waiting->arrived.cancel();
  });
}

Task<Answer> resolve_elsewhere(std::shared_ptr<Resolver> usual, Validator& validator, Question question, proto::ShareOwner owner) {
  const auto delivery = std::make_shared<Delivery>(co_await asio::this_coro::executor);
  asio::post(validator.executor(), [&validator, question, owner, weak = std::weak_ptr(delivery), home = delivery->home] {
    asio::co_spawn(validator.executor(), fetch(validator, question, owner, weak, home), asio::detached);
  });
  co_await delivery->arrived.async_wait(asio::as_tuple(use_task));
  if (!delivery->has_arrived) {
    Answer failed;
    failed.text = "no validated answer (DNSSEC) in time";
    co_return failed;
  }
  if (delivery->answer) co_return std::move(*delivery->answer);
  Answer answer = co_await usual->resolve(std::move(question));
  answer.authenticated = answer.authenticated && validator.state().by == Authentication::By::name_server;
  co_return answer;
}

}  // namespace

Task<Answer> ValidatingResolver::resolve_validated(Question question, proto::ShareOwner owner) {
  const bool is_by_server = validator_.state().by == Authentication::By::name_server;
  if (is_by_server) return usual_->resolve(std::move(question));
  return resolve_elsewhere(usual_, validator_, std::move(question), owner);
}

}  // namespace mxpress::dns
