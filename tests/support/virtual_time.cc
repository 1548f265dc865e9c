// The simulated clock: see virtual_time.h.
#include "tests/support/virtual_time.h"

#include <algorithm>

namespace mxpress::testing {
namespace {

using std::chrono::nanoseconds;

constexpr WallTime kDefaultStart{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1)};
constexpr nanoseconds kBootTimeAtStart = std::chrono::hours(1);
constexpr nanoseconds kCentury = std::chrono::hours(24 * 36525);

}  // namespace

VirtualTime::VirtualTime() : VirtualTime(kDefaultStart) {}

VirtualTime::VirtualTime(WallTime start)
    : now_(kBootTimeAtStart.count()), wall_offset_((nanoseconds(start.time_since_epoch()) - kBootTimeAtStart).count()) {
  Clock::install(this);
}

VirtualTime::~VirtualTime() { Clock::install(nullptr); }

WallTime VirtualTime::wall() const { return WallTime(std::chrono::floor<Duration>(nanoseconds(now_.load() + wall_offset_.load()))); }

// The reactor is woken for due timers; for later ones only by ask_for_next_timer(): real time must not reach them.
nanoseconds VirtualTime::before_sleep(nanoseconds until_next_timer) {
  next_ = now_.load() + until_next_timer.count();
  return until_next_timer <= nanoseconds::zero() ? nanoseconds::zero() : kCentury;
}

// A timer due before all others makes the reactor look through its heap: afterwards `next_` is the earliest remaining one.
void VirtualTime::ask_for_next_timer(asio::io_context& io) {
  bool asked = false;
  Timer question(io.get_executor());
  question.expires_at(BootTime(nanoseconds::zero()));
  question.async_wait([&asked](const boost::system::error_code&) { asked = true; });
  while (!asked) io.run_one();
}

void VirtualTime::run_dry(asio::io_context& io) {
  bool worked = true;
  while (worked) {
    while (io.poll() > 0) continue;
    worked = other_work_ && other_work_();
    if (!worked && socket_grace_.count() > 0) worked = io.run_one_for(socket_grace_) > 0;
  }
}

// The timer at `end` keeps the heap from being empty, so that the reactor always has an answer.
bool VirtualTime::drive(asio::io_context& io, nanoseconds end, const std::function<bool()>& done) {
  io.restart();
  Timer last(io.get_executor());
  last.expires_at(BootTime(end));
  last.async_wait([](const boost::system::error_code&) {});
  bool is_done = false;
  while (true) {
    run_dry(io);
    is_done = done();
    if (is_done) break;
    ask_for_next_timer(io);
    run_dry(io);
    is_done = done();
    const nanoseconds next(next_.load());
    if (is_done || next >= end) break;
    now_ = std::max(since_boot(), next).count();
  }
  last.cancel();
  io.poll();
  return is_done;
}

void VirtualTime::run(asio::io_context& io) {
  drive(io, since_boot() + kCentury, [] { return false; });
}

void VirtualTime::run_for(asio::io_context& io, nanoseconds how_long) {
  const nanoseconds end = since_boot() + how_long;
  drive(io, end + nanoseconds(1), [] { return false; });
  now_ = end.count();
}

bool VirtualTime::run_until(asio::io_context& io, const std::function<bool()>& done, nanoseconds at_most) {
  return drive(io, since_boot() + at_most, done);
}

}  // namespace mxpress::testing
