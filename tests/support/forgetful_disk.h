// A disk in memory that forgets unsynced writes when power is cut, and fails where requested.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "queue/disk.h"
#include "tests/support/disk_image.h"

namespace mxpress::test {

using queue::Path;

class ForgetfulDisk : public queue::Disk {
 public:
  using Cut = test::Cut;
  enum class Fault {
    io,       // EIO: a write is done in part; data of a failed sync counts as clean, and a later sync succeeds without writing it
    full,     // ENOSPC: a write is done in part; existing files can be renamed and removed
    handles,  // EMFILE: nothing can be opened or listed
  };
  enum class Call { open, create, look, list, read, write, sync, sync_folder, sync_all, change };

  ForgetfulDisk();
  ~ForgetfulDisk() override;

  // Operations are counted from 1: all that change the disk or sync it.
  std::uint64_t operations() const;
  std::uint64_t octets_written() const;
  // Called before each of them. It may fork() this disk, and do nothing else with it.
  void before_each(std::function<void(std::uint64_t operation)> look);
  // The disk as the cut would leave this one, now. Costs a copy of everything.
  std::unique_ptr<ForgetfulDisk> fork(Cut cut, std::uint64_t seed) const;
  // From this operation on everything fails, as if the process had lost power; the operation itself is not done. 0: never.
  void cut_at(std::uint64_t operation);
  // The Nth operation from now fails once, having done a part of its work; 0: none.
  void fail_after(std::uint64_t operations, std::string reason);
  // Every operation on a path that contains this text fails; empty: none.
  void fail_on(std::string path_part, std::string reason);
  // Calls are counted from 1, too: the operations, and all calls that look, open, list and read. Those from the first up to (not including)
  // the end fail, if this fault applies to their kind. Can be called several times.
  void fail_calls(std::uint64_t first, std::uint64_t end, Fault fault);
  static bool hits(Fault fault, Call call);
  // Syncs for which this is true do nothing and succeed, as if the code did not call them: a test of the tests. A fork inherits it.
  void skip_syncs(std::function<bool(Call call, const std::string& path)> which);
  // The kinds of all calls so far, from now on; empty if it was never asked for.
  void remember_calls();
  const std::vector<Call>& calls() const;
  // Power returns: the state after the cut is the disk, and nothing is open any more.
  void restart(Cut cut, std::uint64_t seed = 1);
  void set_room(queue::Room room);
  // From now on every Nth look at cached data finds nothing; 0: none. Initially every third.
  void make_cold(std::uint64_t every);

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
