// The aliases of [local] alias_file, and of the files that they include, in memory.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/alias_file.h"

namespace mxpress::mta::routing {

// A file of `:include:`.
struct AliasInclude {
  proto::AliasTargets targets;
  std::string failure;        // why it cannot be used; empty: it can
  bool is_transient = false;  // it may be readable later, and mail for it waits; else mail for it is refused
  bool operator==(const AliasInclude&) const = default;
};

// All that is known at one moment.
struct AliasFiles {
  std::shared_ptr<const proto::AliasTable> table = std::make_shared<const proto::AliasTable>();
  std::map<std::string, std::shared_ptr<const AliasInclude>, std::less<>> includes;  // by path
  std::string failure;   // why the file could not be read the last time; the table is an older one
  bool is_known = true;  // the table is that of the file, or of an earlier state of it; or there is no such file
};

// Which state of a file has been read.
struct FileStamp {
  int error = 0;  // of stat()
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds
  std::uint32_t owner = 0, mode = 0;
  bool operator==(const FileStamp&) const = default;
};

// A file that cannot be read any more keeps its last good state; the log says so once. Includes belong to root or to the owner of the alias
// file, and only their owner may write them.
class AliasBook {
 public:
  static constexpr std::uint64_t kMostOfFile = 8u << 20;     // octets
  static constexpr std::uint64_t kMostOfInclude = 1u << 20;  // octets
  static constexpr std::size_t kMostIncludes = 1000;

  // Reads nothing yet. Empty: there is no such file, only includes.
  explicit AliasBook(boost::filesystem::path file);

  // The same until the next look(). Any thread; never waits for the disk.
  std::shared_ptr<const AliasFiles> files() const;
  // Reads what has changed. May block; while another thread looks it does nothing.
  void look();
  // The same with files that [local] aliases includes.
  void look(std::vector<std::string> also_included);
  const boost::filesystem::path& file() const { return file_; }

 private:
  struct KnownInclude {
    FileStamp stamp;
    std::uint32_t owner_of_aliases = 0;
    std::shared_ptr<const AliasInclude> content;
  };

  bool look_at_file(AliasFiles& next);
  bool take_table(proto::AliasTable table, AliasFiles& next);
  bool fail(const std::string& reason, AliasFiles& next) const;
  bool look_at_includes(AliasFiles& next);
  std::shared_ptr<const AliasInclude> include(const std::string& path);
  void tell(const std::vector<proto::AliasMistake>& mistakes, const std::string& file) const;

  const boost::filesystem::path file_;
  std::mutex look_mutex_;           // around what follows
  std::optional<FileStamp> stamp_;  // of the state that was read, or that cannot be
  bool was_read_ = false;
  std::vector<std::string> included_;  // by the file
  std::map<std::string, KnownInclude, std::less<>> known_;
  mutable std::mutex mutex_;                // around the rest
  std::vector<std::string> also_included_;  // by [local] aliases
  std::shared_ptr<const AliasFiles> files_ = std::make_shared<const AliasFiles>();
};

}  // namespace mxpress::mta::routing
