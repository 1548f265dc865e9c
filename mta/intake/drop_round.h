// Reads the drop folder in pieces: anybody may put a million files there, and nobody else may have to wait for them.
#pragma once

#include <dirent.h>
#include <sys/types.h>

#include <boost/filesystem/path.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "dns/async.h"

namespace mxpress::mta::intake {

// Limits the number, size and work of one owner's files per second. Other files wait, at no cost. A unit stands for at most a millisecond
// of work.
class DropShares {
 public:
  static constexpr std::uint64_t kOfOneOwner = 1000;         // units in a second
  static constexpr std::uint64_t kOctetsOfUnit = 32 * 1024;  // a file is one unit, plus one for each of these

  static constexpr std::uint64_t kWorkOfUnit = 100;  // ServerSession::work(): plus one unit for this much work of its commands

  // A file larger than the rest of the second is accepted, too; then its owner waits for as many seconds.
  bool take(uid_t owner, std::uint64_t octets, BootTime now);
  // Charges the work that a file accepted by take() has caused; its owner waits for that, too.
  void charge(uid_t owner, std::uint64_t work) { taken_[owner] += work / kWorkOfUnit; }

 private:
  BootTime since_{};
  std::unordered_map<uid_t, std::uint64_t> taken_;  // units
};

// Thread: one. Holds no names: its memory does not depend on the size of the folder.
class DropRound {
 public:
  static constexpr std::size_t kPiece = 20'000;  // entries; a name costs some two microseconds

  explicit DropRound(boost::filesystem::path folder) : folder_(std::move(folder)) {}
  // Calls `look` with names and the folder, from the end of the last piece, until it returns false. True: the round has ended, and the next
  // piece begins another one.
  bool go_on(const std::function<bool(const std::string& name, int folder)>& look);

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };

  const boost::filesystem::path folder_;
  std::unique_ptr<DIR, Close> directory_;  // null between rounds
};

}  // namespace mxpress::mta::intake
