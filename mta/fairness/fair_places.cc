// Waits for a place.
#include "mta/fairness/fair_places.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "mta/fairness/fair_budget.h"
#include "mta/fairness/owner_lines.h"

namespace mxpress::mta::fairness {

struct FairPlaces::Line {
  explicit Line(std::uint64_t places) : budget(places, 1) {}
  void give_back(const Owner& owner) {
    budget.give_back(owner, 1);
    serve();
  }
  void serve();

  FairBudget budget;
  bool is_closed = false;
  std::uint64_t last_ticket = 0;
  OwnerLines<std::uint64_t> tickets;
  boost::unordered_flat_map<std::uint64_t, Waiter*> waiting;
};

// It stands in the line while it exists, or until it has a place.
struct FairPlaces::Waiter {
  Waiter(std::shared_ptr<Line> of_line, const Owner& whose, const Executor& executor, BootTime deadline)
      : line(std::move(of_line)), owner(whose), ticket(++line->last_ticket), timer(executor, deadline) {
    line->waiting.emplace(ticket, this);
    line->tickets.enter(ticket, owner);
  }
  ~Waiter() {
    line->waiting.erase(ticket);
    line->tickets.leave(ticket);
    if (has_place) line->give_back(owner);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  const std::shared_ptr<Line> line;
  const Owner owner;
  const std::uint64_t ticket;
  Timer timer;
  bool has_place = false;
};

void FairPlaces::Line::serve() {
  while (!is_closed) {
    const auto next = tickets.next([this](const Owner& owner) { return budget.take(owner, 1); });
    if (!next) return;
    Waiter& waiter = *waiting.at(next->item);
    waiter.has_place = true;
    waiter.timer.cancel();
  }
}

FairPlaces::Place::~Place() {
  if (line_) line_->give_back(owner_);
}

FairPlaces::FairPlaces(std::uint64_t places) : line_(std::make_shared<Line>(places)) {}

FairPlaces::~FairPlaces() { line_->is_closed = true; }

Task<std::optional<FairPlaces::Place>> FairPlaces::take(Owner owner, BootTime deadline) {
  const std::shared_ptr<Line> line = line_;
  if (!line->budget.take(owner, 1)) {
    Waiter waiter(line, owner, co_await asio::this_coro::executor, deadline);
    boost::system::error_code cancelled;
    if (!waiter.has_place) co_await waiter.timer.async_wait(asio::redirect_error(use_task, cancelled));
    if (!std::exchange(waiter.has_place, false)) co_return std::nullopt;
  }
  co_return Place(line, owner);
}

std::size_t FairPlaces::waiting() const { return line_->waiting.size(); }

}  // namespace mxpress::mta::fairness
