// Every file operation of the spool behind one small interface, so that a test can replace the disk by one that forgets.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/result.h"

namespace mxpress::queue {

using Path = boost::filesystem::path;

enum class Lock { shared, exclusive };

// An open regular file; closed when destroyed. Reads may come from any thread; writes from one at a time.
// Every error is transient and names the file and the system's reason.
class File {
 public:
  virtual ~File() = default;
  // Fills `buffer` from `offset`; fewer octets than asked for only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const = 0;
  // Number of octets from `offset` on that the system has in memory; 0 if the disk would have to be read. Never waits.
  virtual std::size_t read_if_cached(std::uint64_t, char*, std::size_t) const { return 0; }
  // Writes all pieces one after the other. After an error any part of them may have been written.
  virtual Status write_at(std::uint64_t offset, const std::vector<std::string_view>& pieces) = 0;
  // Starts writing to the disk without waiting and without a guarantee. Call it for several files before the first sync(), so that they are
  // written in parallel. An error is treated like one of sync().
  virtual Status begin_sync() { return {}; }
  // Makes content and size survive a loss of power. After an error the state of all writes since the last success is unknown.
  virtual Status sync() = 0;
  // Reserves space for `size` octets, which read as zero, and extends the file to them.
  virtual Status allocate(std::uint64_t size) = 0;
  virtual Status truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  // The system's descriptor, valid as long as this; -1: there is none (a test's disk).
  virtual int descriptor() const { return -1; }
  // Does not wait. False: somebody else holds it. Released when the file is closed.
  virtual Result<bool> try_lock(Lock lock) = 0;
};

enum class Open {
  read,
  write,           // read and write what exists
  create,          // must not exist (O_EXCL); mode 0600
  open_or_create,  // lock files only
};

// Free space of a file system for an unprivileged user.
struct Room {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> inodes;  // absent: the file system has no limit of its own
};

struct FolderEntry {
  std::string name;
  enum class Kind { file, folder, other } kind = Kind::file;  // a symbolic link is `other`
};

// Does not follow a symbolic link in the last component of a path, except to sync a folder or to ask for its room. Any thread.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual Result<std::shared_ptr<File>> open(const Path& path, Open mode) = 0;  // shared: sessions read on after the spool released it
  virtual Result<bool> exists(const Path& path) = 0;
  virtual Result<std::vector<FolderEntry>> list(const Path& folder) = 0;
  virtual Status make_folder(const Path& folder) = 0;  // mode 0700; success if it exists already
  virtual Status rename(const Path& from, const Path& to) = 0;
  virtual Status remove(const Path& file) = 0;
  // Makes created, renamed and removed names in the folder survive a loss of power.
  virtual Status sync_folder(const Path& folder) = 0;
  // Makes everything that any program wrote to the folder's file system so far survive a loss of power.
  virtual Status sync_all(const Path& folder) = 0;
  virtual Result<Room> room(const Path& folder) = 0;
};

// The disk of the operating system.
class SystemDisk : public Disk {
 public:
  Result<std::shared_ptr<File>> open(const Path& path, Open mode) override;
  Result<bool> exists(const Path& path) override;
  Result<std::vector<FolderEntry>> list(const Path& folder) override;
  Status make_folder(const Path& folder) override;
  Status rename(const Path& from, const Path& to) override;
  Status remove(const Path& file) override;
  Status sync_folder(const Path& folder) override;
  Status sync_all(const Path& folder) override;
  Result<Room> room(const Path& folder) override;
};

// The whole file, if it is not larger than `limit` octets.
Result<std::string> read_whole(const File& file, std::uint64_t limit);
// Exactly `size` octets from `offset`; an error if the file ends before.
Result<std::string> read_exactly(const File& file, std::uint64_t offset, std::uint64_t size);

}  // namespace mxpress::queue
