// Hands messages that may have brought the daemon down to the dispatcher, one at a time.
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

// What it refers to outlives it. Thread: that of `io`, but for try_all().
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

// The crash record of a spool, with a line in the log about the last death. Null: it cannot be kept, which the log tells; mail goes on.
std::unique_ptr<system::CrashRecord> open_crash_record(const boost::filesystem::path& spool);

}  // namespace mxpress::mta
