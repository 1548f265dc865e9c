// The drop files that are being taken in.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "dns/async.h"

namespace mxpress::mta::intake {

// A file may have to wait, as for lookups of thousands of users, each in its owner's turn. So those that take longer than a moment go on
// beside the next ones, and their owner begins no others meanwhile. Thread: one.
class DropWork {
 public:
  static constexpr std::size_t kMost = 256;  // files; an owner has no more than are begun together
  static constexpr std::chrono::milliseconds kMoment{100};

  bool has_room() const { return files_.size() < kMost; }
  bool is_busy_for(uid_t owner) const { return of_owner_.contains(owner); }
  bool contains(const std::string& name) const { return files_.contains(name); }
  bool empty() const { return files_.empty(); }

  // `task` runs within run() and finish(), unless a file of this name is being taken in: users may give it to each other.
  void begin(uid_t owner, const std::string& name, Task<void> task);
  // Until all files that were begun since the last call have ended, or, if none was, all others; for a moment at most.
  void run();
  // Until all have ended.
  void finish();

 private:
  struct File {
    uid_t owner;
    std::uint64_t call;  // of run()
  };
  void end(const std::string& name);

  asio::io_context io_{1};
  std::map<std::string, File> files_;  // by name
  std::map<uid_t, std::size_t> of_owner_;
  std::uint64_t call_ = 0;
  std::size_t begun_ = 0;  // since the last call of run(), and not ended
};

}  // namespace mxpress::mta::intake
