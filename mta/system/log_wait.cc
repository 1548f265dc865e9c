// Checks repeatedly until the log has room.
#include "mta/system/log_wait.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

namespace mxpress::mta {
namespace {

constexpr std::chrono::milliseconds kLookAgain(50);
constexpr std::chrono::seconds kPatience(10);

}  // namespace

Task<std::optional<LogRoom::Hold>> wait_for_log(LogRoom& room, fairness::Owner owner, std::uint64_t octets) {
  const Executor executor = co_await asio::this_coro::executor;
  Timer timer(executor);
  const BootTime end = BootClock::now() + kPatience;
  while (BootClock::now() < end) {
    if (auto hold = room.take(owner, octets)) co_return hold;
    timer.expires_after(kLookAgain);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(use_task, ignored));
  }
  co_return std::nullopt;
}

}  // namespace mxpress::mta
