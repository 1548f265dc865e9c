// Waits for a turn.
#include "mta/fairness/one_at_a_time.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>

#include "mta/fairness/owner_lines.h"

namespace mxpress::mta::fairness {

struct OneAtATime::Line {
  void go_on();

  bool is_taken = false;
  bool is_closed = false;
  std::uint64_t last_ticket = 0;
  OwnerLines<std::uint64_t> tickets;
  boost::unordered_flat_map<std::uint64_t, Place*> waiting;
};

// A place in the line while it exists.
struct OneAtATime::Place {
  Place(Line& of_line, const Owner& owner, const Executor& executor)
      : line(of_line), ticket(++of_line.last_ticket), timer(executor, BootTime::max()) {
    line.waiting.emplace(ticket, this);
    line.tickets.enter(ticket, owner);
  }
  ~Place() { line.waiting.erase(ticket); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  Line& line;
  const std::uint64_t ticket;
  Timer timer;
  bool is_next = false;
};

void OneAtATime::Line::go_on() {
  is_taken = false;
  while (!is_closed && !is_taken) {
    const auto next = tickets.next([](const Owner&) { return true; });
    if (!next) return;
    const auto place = waiting.find(next->item);
    if (place == waiting.end()) continue;  // the coroutine has ended
    is_taken = place->second->is_next = true;
    place->second->timer.cancel();
  }
}

OneAtATime::Turn::~Turn() {
  if (line_) line_->go_on();
}

OneAtATime::OneAtATime() : line_(std::make_shared<Line>()) {}

OneAtATime::~OneAtATime() { line_->is_closed = true; }

Task<OneAtATime::Turn> OneAtATime::take(Owner owner) {
  const std::shared_ptr<Line> line = line_;
  if (std::exchange(line->is_taken, true)) {
    Place place(*line, owner, co_await asio::this_coro::executor);
    boost::system::error_code cancelled;
    while (!place.is_next) co_await place.timer.async_wait(asio::redirect_error(use_task, cancelled));
  }
  co_return Turn(line);
}

std::size_t OneAtATime::waiting() const { return line_->waiting.size(); }

}  // namespace mxpress::mta::fairness
