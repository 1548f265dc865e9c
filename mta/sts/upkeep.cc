// Two timers: one to store, one to refresh.
#include "mta/sts/upkeep.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "mta/sts/policies.h"
#include "mta/system/log.h"

namespace mxpress::mta::sts {

Upkeep::Upkeep(asio::io_context& io, Policies& policies, Lookup& lookup, std::function<Ways()> ways)
    : io_(io), policies_(policies), lookup_(lookup), ways_(std::move(ways)), store_timer_(io), refresh_timer_(io) {
  policies_.when_changed([this] { asio::post(io_, [this] { changed(); }); });
}

void Upkeep::start() {
  asio::co_spawn(io_, refresh(), [](std::exception_ptr error) { log_bug("refreshing MTA-STS policies", error); });
}

void Upkeep::changed() {
  if (is_stopped_ || std::exchange(will_store_, true)) return;
  store_timer_.expires_after(kStoreAfter);
  store_timer_.async_wait([this](boost::system::error_code error) {
    will_store_ = false;
    if (!error) policies_.save();
  });
}

Task<void> Upkeep::refresh() {
  refresh_timer_.expires_after(kFirstRefresh);
  while (!is_stopped_) {
    const auto [error] = co_await refresh_timer_.async_wait(asio::as_tuple(use_task));
    if (error || is_stopped_) co_return;
    co_await refresh_all();
    refresh_timer_.expires_after(kRefreshEvery);
  }
}

// One after the other: there is time.
Task<void> Upkeep::refresh_all() {
  const Ways ways = ways_();
  if (!ways.resolver) co_return;
  for (std::string& domain : policies_.due(kMostAtOnce, last_refreshed_)) {
    if (is_stopped_) co_return;
    last_refreshed_ = domain;
    co_await lookup_.refresh(std::move(domain), ways.resolver, ways.reach);
  }
}

void Upkeep::stop() {
  is_stopped_ = true;
  store_timer_.cancel();
  refresh_timer_.cancel();
  policies_.save_now();
}

}  // namespace mxpress::mta::sts
