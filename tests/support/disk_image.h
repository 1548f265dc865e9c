// The contents of a disk in memory: the durable state of each file and folder, and later changes that can still be lost.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "queue/disk.h"

namespace mxpress::test {

// The part of unsynced writes and names that survives a cut.
enum class Cut {
  nothing,  // all forgotten
  prefix,   // of each file the first of its writes, the last of them torn; of all changes of names the first
  subset,   // any sectors of any write, any change of names
  names,    // all names, none of the writes
  data,     // all writes, none of the names
  all,      // nothing is forgotten, and all is on disk
  kill,     // only the process is gone: nothing is forgotten yet, but what was not synced still can be
};

// A file, independent of its names.
struct Node {
  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<std::uint64_t> size;  // a truncation or allocation instead
  };
  std::string now, synced;
  std::vector<Write> writes;  // since the last sync
  int exclusive = 0, shared = 0;

  void write(Write write);
  void sync();
  // A failed sync as in Linux: any part of the writes reached the disk, and all count as clean: a later sync does not write them.
  void fail_sync(std::mt19937_64& random);
  void forget(Cut cut, std::mt19937_64& random);
};
using NodePtr = std::shared_ptr<Node>;  // shared by names and open files

struct Folder {
  // An added or removed name. Both ends of a rename have one number: a journaling file system keeps both or none.
  struct Change {
    std::uint64_t number = 0;
    std::string name;
    NodePtr node;          // null: removed
    queue::Path other{};   // for a rename from one folder to another: the other end
    bool is_lost = false;  // a sync of the folder failed, and later ones do not write it
  };
  std::map<std::string, NodePtr> now, synced;
  std::vector<Change> changes;  // since the last sync
  bool is_durable = false;
};

class DiskImage {
 public:
  DiskImage() { folders_["/"].is_durable = true; }
  DiskImage(const DiskImage& other) { *this = other; }  // files are copied, too
  DiskImage& operator=(const DiskImage& other);

  Folder* folder(const queue::Path& path);
  NodePtr find(const queue::Path& path);
  void make_folder(const queue::Path& path) { folders_[path.string()]; }
  void link(const queue::Path& path, NodePtr node);
  void unlink(const queue::Path& path);
  void move(const queue::Path& from, const queue::Path& to);
  void sync_folder(const queue::Path& path);
  void fail_sync_folder(const queue::Path& path);
  void sync_all();
  // Names stay unsynced; for the files see Node::fail_sync().
  void fail_sync_all(std::mt19937_64& random);
  void cut(Cut cut, std::uint64_t seed);

  const std::map<std::string, Folder>& folders() const { return folders_; }
  std::vector<std::string> folders_in(const queue::Path& path) const;  // their names

 private:
  void make_durable(const Folder::Change& change, Folder& folder);
  void release_locks();
  void find_lost_names();
  void forget_names(Cut cut, std::uint64_t seed);
  void forget_folders(Cut cut, std::uint64_t seed);
  void forget_writes(Cut cut, std::uint64_t seed);

  std::map<std::string, Folder> folders_;
  std::uint64_t changes_ = 0;
};

}  // namespace mxpress::test
