// Waits for a place.
#include "dns/question_places.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <map>

namespace mxpress::dns {

struct QuestionPlaces::Lines {
  struct Line {
    std::size_t held = 0;
    std::deque<Waiter*> waiting;
  };

  Lines(std::size_t places, MostOfOne of_one) : most(places), most_of_one(std::move(of_one)) {}

  bool take(const Owner& owner);
  void give_back(const Owner& owner);
  void serve();
  bool serve_one();
  void leave(const Waiter* waiter, const Owner& owner);
  void forget_if_unused(const Owner& owner);

  const std::size_t most;
  const MostOfOne most_of_one;
  bool is_closed = false;
  std::size_t held = 0, waiting = 0;
  std::map<Owner, Line> of_owner;  // no unused ones
  Owner last;                      // the owner of the last turn
};

// It stands in the line while it exists, or until it has a place, which it gives back unless a coroutine has taken it over.
struct QuestionPlaces::Waiter {
  Waiter(std::shared_ptr<Lines> all, const Owner& whose, const Executor& executor, BootTime deadline)
      : lines(std::move(all)), owner(whose), timer(executor, deadline) {
    lines->of_owner[owner].waiting.push_back(this);
    ++lines->waiting;
  }
  ~Waiter() {
    if (has_place) lines->give_back(owner);
    if (waits) lines->leave(this, owner);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  const std::shared_ptr<Lines> lines;
  const Owner owner;
  Timer timer;
  bool waits = true, has_place = false;
};

bool QuestionPlaces::Lines::take(const Owner& owner) {
  if (is_closed || held >= most) return false;
  const auto known = of_owner.find(owner);
  const std::size_t own = known == of_owner.end() ? 0 : known->second.held;
  if (own >= most_of_one(owner)) return false;
  ++of_owner[owner].held;
  ++held;
  return true;
}

void QuestionPlaces::Lines::give_back(const Owner& owner) {
  --of_owner[owner].held;
  --held;
  forget_if_unused(owner);
  serve();
}

void QuestionPlaces::Lines::serve() {
  while (waiting > 0 && held < most && serve_one()) {
  }
}

bool QuestionPlaces::Lines::serve_one() {
  auto next = of_owner.upper_bound(last);
  for (std::size_t left = of_owner.size(); left > 0; --left, ++next) {
    if (next == of_owner.end()) next = of_owner.begin();
    Line& line = next->second;
    if (line.waiting.empty() || !take(next->first)) continue;
    Waiter& first = *line.waiting.front();
    line.waiting.pop_front();
    --waiting;
    last = next->first;
    first.waits = false;
    first.has_place = true;
    first.timer.cancel();
    return true;
  }
  return false;
}

void QuestionPlaces::Lines::leave(const Waiter* waiter, const Owner& owner) {
  --waiting;
  std::erase(of_owner[owner].waiting, waiter);
  forget_if_unused(owner);
}

void QuestionPlaces::Lines::forget_if_unused(const Owner& owner) {
  const auto known = of_owner.find(owner);
  if (known->second.held == 0 && known->second.waiting.empty()) of_owner.erase(known);
}

QuestionPlaces::Place::~Place() {
  if (lines_) lines_->give_back(owner_);
}

QuestionPlaces::QuestionPlaces(std::size_t most, MostOfOne most_of_one) : lines_(std::make_shared<Lines>(most, std::move(most_of_one))) {}

void QuestionPlaces::close() {
  lines_->is_closed = true;
  for (auto& [owner, line] : lines_->of_owner)
    for (Waiter* const one : line.waiting) one->timer.cancel();
}

// A newcomer does not pass those of his own line.
Task<std::optional<QuestionPlaces::Place>> QuestionPlaces::take(Owner owner, BootTime deadline) {
  const std::shared_ptr<Lines> lines = lines_;
  if (lines->is_closed) co_return std::nullopt;
  Waiter waiter(lines, owner, co_await asio::this_coro::executor, deadline);
  lines->serve();
  if (!waiter.has_place) co_await waiter.timer.async_wait(asio::as_tuple(use_task));
  if (!std::exchange(waiter.has_place, false)) co_return std::nullopt;
  co_return Place(lines, owner);
}

std::size_t QuestionPlaces::waiting() const { return lines_->waiting; }

}  // namespace mxpress::dns
