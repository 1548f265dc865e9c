// The timer of a stream, armed lazily: if it fires before the current deadline, it is armed again.
#include "mta/net/stream_watchdog.h"

namespace mxpress::mta::net {

namespace {
constexpr std::chrono::seconds kBarkAgain(1);
}

struct StreamWatchdog::State {
  State(Executor executor, std::function<void()> cancel_operation) : timer(executor), cancel(std::move(cancel_operation)) {}
  Timer timer;
  std::function<void()> cancel;
  BootTime deadline = BootTime::max();
  BootTime armed_for = BootTime::max();  // max: not armed
  int pending = 0;
  bool barked = false;
};

StreamWatchdog::StreamWatchdog(Executor executor, std::function<void()> cancel)
    : state_(std::make_shared<State>(executor, std::move(cancel))) {}

StreamWatchdog::Guard::Guard(StreamWatchdog& watchdog) : state_(watchdog.state_) { ++state_->pending; }
StreamWatchdog::Guard::~Guard() { --state_->pending; }

void StreamWatchdog::set_deadline(BootTime deadline) {
  state_->deadline = deadline;
  state_->barked = false;
  if (deadline < state_->armed_for && state_->cancel) arm(state_);
}

bool StreamWatchdog::is_overdue() const { return BootClock::now() >= state_->deadline; }
bool StreamWatchdog::has_barked() const { return state_->barked; }

void StreamWatchdog::stop() {
  state_->cancel = nullptr;
  state_->armed_for = BootTime::max();
  state_->timer.cancel();
}

void StreamWatchdog::arm(const std::shared_ptr<State>& state) {
  state->armed_for = state->deadline;
  state->timer.expires_at(state->deadline);
  state->timer.async_wait([state](const boost::system::error_code& code) {
    if (!code) fire(state);
  });
}

void StreamWatchdog::bark_again(const std::shared_ptr<State>& state) {
  state->timer.expires_after(kBarkAgain);
  state->timer.async_wait([state](const boost::system::error_code& code) {
    if (!code && state->pending > 0 && BootClock::now() >= state->deadline) fire(state);
  });
}

void StreamWatchdog::fire(const std::shared_ptr<State>& state) {
  if (!state->cancel) return;
  state->armed_for = BootTime::max();
  if (BootClock::now() < state->deadline) {
    arm(state);
  } else if (state->pending > 0) {
    state->barked = true;
    state->cancel();
    // An operation that had just ended when it was cancelled may have continued with its next part (a write, a handshake): bark again.
    bark_again(state);
  }
}

}  // namespace mxpress::mta::net
