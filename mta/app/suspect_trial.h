// Gives messages that may have crashed the daemon to the dispatcher, one at a time.
#pragma once

#include <boost/filesystem/path.hpp>
#include <memory>
#include <vector>

#include "dns/async.h"
#include "mta/delivery/suspects.h"

namespace mxpress::mta::system {
class CrashRecord;
}
namespace mxpress::mta::delivery {
class Dispatcher;
}

namespace mxpress::mta {

// All that it refers to must outlive it. Thread: that of `io`, except try_all().
class SuspectTrial {
 public:
  SuspectTrial(asio::io_context& io, delivery::Dispatcher& dispatcher, system::CrashRecord& record)
      : io_(io), timer_(io), dispatcher_(dispatcher), record_(record) {}

  // Any thread, once.
  void try_all(std::vector<queue::QueueId> suspects);
  void stop() { is_stopping_ = true; }

 private:
  void try_next();

  asio::io_context& io_;
  Timer timer_;
  delivery::Dispatcher& dispatcher_;
  system::CrashRecord& record_;
  delivery::SuspectLine line_;
  bool is_stopping_ = false;
};

// Opens the crash record of a spool, and logs the last crash. Null: it is not available, which is logged; mail is delivered nevertheless.
std::unique_ptr<system::CrashRecord> open_crash_record(const boost::filesystem::path& spool);

}  // namespace mxpress::mta
