// Goes over the drop folder in pieces: anybody may put a million files there, and nobody else may have to wait for them.
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

// How many files of one owner are dealt with in a second, how large ones, and of how much work. The others wait, at no cost. A unit
// stands for no more than a millisecond of work.
class DropShares {
 public:
  static constexpr std::uint64_t kOfOneOwner = 1000;         // units in a second
  static constexpr std::uint64_t kOctetsOfUnit = 32 * 1024;  // a file is one unit, and one more for so many octets

  static constexpr std::uint64_t kWorkOfUnit = 100;  // ServerSession::work(): and another for so much work that its commands made

  // A file that is larger than what is left of the second is taken, too; its owner waits for as many seconds afterwards.
  bool take(uid_t owner, std::uint64_t octets, BootTime now);
  // What a file that take() has let in turned out to hold; its owner waits for that, too.
  void charge(uid_t owner, std::uint64_t work) { taken_[owner] += work / kWorkOfUnit; }

 private:
  BootTime since_{};
  std::unordered_map<uid_t, std::uint64_t> taken_;  // units
};

// Thread: one. Holds no names: its memory does not depend on what is in the folder.
class DropRound {
 public:
  static constexpr std::size_t kPiece = 20'000;  // entries; a name costs some two microseconds

  explicit DropRound(boost::filesystem::path folder) : folder_(std::move(folder)) {}
  // Calls `look` with names and the folder, from where the last piece has ended, until it says no. True: the round has ended, and the next
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
