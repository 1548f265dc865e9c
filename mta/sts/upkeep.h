// Stores the MTA-STS policies when they change, and fetches them again before they end. RFC 8461 3.3.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "dns/async.h"
#include "mta/sts/lookup.h"

namespace mxpress::mta::sts {

// Thread: that of its io_context, except for the constructor; both must not run when it is destroyed.
class Upkeep {
 public:
  static constexpr std::chrono::seconds kStoreAfter{2};    // a change, so that many are one write
  static constexpr std::chrono::minutes kFirstRefresh{1};  // after the start
  static constexpr std::chrono::minutes kRefreshEvery{60};
  static constexpr std::size_t kMostAtOnce = 1000;

  // `ways`: by the configuration at that time. Without a resolver MTA-STS is off now.
  Upkeep(asio::io_context& io, Policies& policies, Lookup& lookup, std::function<Ways()> ways);

  void start();
  // Stores what has changed, before it returns. Begins nothing any more.
  void stop();

 private:
  void changed();
  Task<void> refresh();
  Task<void> refresh_all();

  asio::io_context& io_;
  Policies& policies_;
  Lookup& lookup_;
  const std::function<Ways()> ways_;
  Timer store_timer_, refresh_timer_;
  bool will_store_ = false;
  bool is_stopped_ = false;
  std::string last_refreshed_{};  // domain: the next round begins behind it
};

}  // namespace mxpress::mta::sts
