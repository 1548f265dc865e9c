// Two instances of libunbound: see validation_lanes.h.
#include "dns/validation_lanes.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <optional>
#include <utility>

#include "dns/lane_use.h"
#include "dns/question_places.h"
#include "dns/transport.h"

namespace mxpress::dns {
namespace {

// Questions at a time; docs/budgets.md.
constexpr std::size_t kQuick = 128, kOther = 256, kOtherOfOne = 32;
constexpr auto kWaitForQuick = std::chrono::seconds(1);

ValidatedAnswer failed(std::string text) {
  ValidatedAnswer result;
  result.answer.text = std::move(text);
  return result;
}

}  // namespace

class ValidationLanes::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Executor executor, std::shared_ptr<Unbound> quick, std::shared_ptr<Unbound> other, std::string server)
      : executor_(executor),
        server_(std::move(server)),
        quick_{std::move(quick), QuestionPlaces(kQuick, [this](const Owner& owner) { return use_.places(owner, BootClock::now()); })},
        other_{std::move(other), QuestionPlaces(kOther, [](const Owner&) { return kOtherOfOne; })} {}

  void close() {
    is_closed_ = true;
    for (Lane* const lane : {&quick_, &other_}) {
      lane->places.close();
      lane->unbound->close();
    }
  }

  static Task<ValidatedAnswer> ask(std::shared_ptr<Core> core, Question question, std::optional<Question> beside, Owner owner,
                                   BootTime deadline) {
    const BootTime asked = BootClock::now();
    Lane* lane = &core->quick_;
    std::optional<Place> place = co_await core->quick_place(owner, deadline);
    if (!place) {
      lane = &core->other_;
      place = co_await lane->places.take(owner, deadline);
    }
    if (!place) co_return failed(core->is_closed_ ? Unbound::kGivenUp : "too many questions at a time for " + core->server_);
    const auto waiting = std::make_shared<Waiting>(core->executor_, deadline);
    const auto held = std::make_shared<Place>(std::move(*place));
    if (beside && core->may_ask_beside(*lane, owner)) core->start(*lane, held, std::move(*beside), owner, nullptr);
    core->start(*lane, held, std::move(question), owner, waiting);
    if (!waiting->result) co_await waiting->answered.async_wait(asio::as_tuple(use_task));
    if (waiting->result) co_return std::move(*waiting->result);
    co_return failed(silence(BootClock::now() - asked) + " from " + core->server_);
  }

 private:
  using Place = QuestionPlaces::Place;

  struct Lane {
    std::shared_ptr<Unbound> unbound;
    QuestionPlaces places;
  };
  struct Waiting {
    Waiting(Executor executor, BootTime deadline) : answered(executor, deadline) {}
    Timer answered;  // cancelled when the result is there
    std::optional<ValidatedAnswer> result;
  };

  Task<std::optional<Place>> quick_place(Owner owner, BootTime deadline) {
    const BootTime now = BootClock::now();
    if (use_.places(owner, now) == 0) co_return std::nullopt;
    co_return co_await quick_.places.take(owner, std::min<BootTime>(deadline, now + kWaitForQuick));
  }

  bool may_ask_beside(const Lane& lane, const Owner& owner) {
    return &lane == &quick_ && use_.places(owner, BootClock::now()) == LaneUse::kPlaces;
  }

  // The place is taken until libunbound has no more work with the questions in it, even if nobody waits for an answer any more.
  void start(Lane& lane, std::shared_ptr<Place> held, Question question, const Owner& owner, std::shared_ptr<Waiting> waiting) {
    const bool is_quick = &lane == &quick_;
    if (is_quick) use_.begin(owner, BootClock::now());
    lane.unbound->ask(std::move(question), [core = weak_from_this(), is_quick, owner, held, waiting](ValidatedAnswer answer) mutable {
      if (const auto alive = core.lock(); alive && is_quick) alive->count(owner, answer.is_bogus);
      held.reset();
      if (!waiting) return;
      waiting->result = std::move(answer);
      waiting->answered.cancel();
    });
  }

  void count(const Owner& owner, bool is_bogus) {
    const BootTime now = BootClock::now();
    use_.end(owner, now);
    if (is_bogus) use_.charge(owner, LaneUse::kOfBogus, now);
  }

  const Executor executor_;
  const std::string server_;  // for people
  bool is_closed_ = false;
  LaneUse use_;  // of the quick lane
  Lane quick_, other_;
};

// The thread of the other lane starts with its first question.
Result<std::shared_ptr<ValidationLanes>> ValidationLanes::open(Executor executor, const UnboundSettings& settings) {
  auto quick = Unbound::open(executor, settings, kQuick);
  if (!quick) return quick.error();
  auto other = Unbound::open(executor, settings, kOther);
  if (!other) return other.error();
  auto core = std::make_shared<Core>(executor, std::move(*quick), std::move(*other), name_of(settings));
  return std::shared_ptr<ValidationLanes>(new ValidationLanes(std::move(core)));
}

ValidationLanes::ValidationLanes(std::shared_ptr<Core> core) : core_(std::move(core)) {}

ValidationLanes::~ValidationLanes() { close(); }

Task<ValidatedAnswer> ValidationLanes::ask(Question question, std::optional<Question> beside, Owner owner, BootTime deadline) {
  return Core::ask(core_, std::move(question), std::move(beside), owner, deadline);
}

void ValidationLanes::close() { core_->close(); }

}  // namespace mxpress::dns
