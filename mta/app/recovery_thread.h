// Recovers the mail of the last run while new mail is already accepted.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::queue {
class Spool;
struct Message;
}  // namespace mxpress::queue
namespace mxpress::mta {
class SuspectTrial;
namespace control {
class RecoveryProgress;
}
namespace delivery {
class Dispatcher;
}
namespace intake {
class DropFolder;
}
namespace system {
class CrashRecord;
}
}  // namespace mxpress::mta

namespace mxpress::mta {

// Thread: all functions on one; the parts are called on a thread of its own.
class RecoveryThread {
 public:
  // All outlive it.
  struct Parts {
    queue::Spool& spool;
    delivery::Dispatcher& dispatcher;
    intake::DropFolder& drop_folder;
    control::RecoveryProgress& progress;
    system::CrashRecord* crash_record = nullptr;  // null: it is not available
    SuspectTrial* suspect_trial = nullptr;        // exists with crash_record
  };
  explicit RecoveryThread(Parts parts) : parts_(parts) {}
  ~RecoveryThread() { stop(); }

  // The drop folder is started after the recovery.
  void start();
  // No further attempt is made; a recovery that is under way goes on.
  void give_up();
  // Also ends a recovery that is under way, and waits for the thread.
  void stop();

 private:
  void recover();
  void restore_found(const queue::Message& message, std::vector<proto::QueueId>& suspects);
  void start_drop_folder();
  bool wait_to_recover_again(const Error& error);

  Parts parts_;
  std::mutex mutex_;  // guards gives_up_
  std::condition_variable given_up_;
  bool gives_up_ = false;
  std::thread thread_;
};

}  // namespace mxpress::mta
