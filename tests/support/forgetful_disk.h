// A disk in memory that forgets what was not synced when the power is cut, and fails where it is told to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "queue/disk.h"

namespace mxpress::test {

using queue::Path;

class ForgetfulDisk : public queue::Disk {
 public:
  // What a cut leaves of the writes and names that were not synced.
  enum class Cut {
    nothing,  // all forgotten
    prefix,   // of each file the first of its writes, the last of them torn at a sector; names are forgotten
    subset,   // any sectors of any write, any change of names
    all,      // nothing is forgotten, and all is on disk
    kill,     // only the process is gone: nothing is forgotten yet, but what was not synced still can be
  };

  ForgetfulDisk();
  ~ForgetfulDisk() override;

  // Operations are counted from 1: all that change the disk or sync it.
  std::uint64_t operations() const;
  // From this operation on everything fails, as if the process had lost power; the operation itself is not done. 0: never.
  void cut_at(std::uint64_t operation);
  // The Nth operation from now fails once, having done a part of its work; 0: none.
  void fail_after(std::uint64_t operations, std::string reason);
  // Every operation on a path that contains this text fails; empty: none.
  void fail_on(std::string path_part, std::string reason);
  // The power comes back: what the cut left is the disk, and nothing is open any more.
  void restart(Cut cut, std::uint64_t seed = 1);
  void set_room(queue::Room room);

  // For tests that look at and damage files. No operations are counted.
  std::vector<std::string> files() const;
  std::string content(const std::string& path) const;
  void replace(const std::string& path, std::string content);

  Result<std::shared_ptr<queue::File>> open(const Path& path, queue::Open mode) override;
  Result<bool> exists(const Path& path) override;
  Result<std::vector<queue::FolderEntry>> list(const Path& folder) override;
  Status make_folder(const Path& folder) override;
  Status rename(const Path& from, const Path& to) override;
  Status remove(const Path& file) override;
  Status sync_folder(const Path& folder) override;
  Status sync_all(const Path& folder) override;
  Result<queue::Room> room(const Path& folder) override;

  struct State;

 private:
  std::shared_ptr<State> state_;  // shared with the open files
};

}  // namespace mxpress::test
