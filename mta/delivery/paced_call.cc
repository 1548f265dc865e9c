// Waits for the next moment at which the function may be called.
#include "mta/delivery/paced_call.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace mxpress::mta::delivery {

using system::instant_now;

void PacedCall::ask() {
  asio::post(io_, [this] { arm(); });
}

void PacedCall::arm() {
  if (is_stopped_ || std::exchange(is_due_, true)) return;
  timer_.expires_at(system::to_boot_time(std::max(next_, instant_now())));
  timer_.async_wait([this](boost::system::error_code error) {
    is_due_ = false;
    if (error || is_stopped_) return;
    next_ = instant_now() + gap_;
    call_();
  });
}

void PacedCall::stop() {
  is_stopped_ = true;
  timer_.cancel();
}

}  // namespace mxpress::mta::delivery
