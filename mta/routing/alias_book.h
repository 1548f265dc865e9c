// The aliases of [local] alias_file, and of files included by it, in memory.
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

// A file named in `:include:`.
struct AliasInclude {
  proto::AliasTargets targets;
  std::string failure;        // why it cannot be used; empty: it can
  bool is_transient = false;  // it may be readable later, so mail for it waits; otherwise mail for it is refused
  bool operator==(const AliasInclude&) const = default;
};

// A snapshot of all files.
struct AliasFiles {
  std::shared_ptr<const proto::AliasTable> table = std::make_shared<const proto::AliasTable>();
  std::map<std::string, std::shared_ptr<const AliasInclude>, std::less<>> includes;  // by path
  std::string failure;   // why the latest read failed; the table is an older one
  bool is_known = true;  // the table is a state of the file, perhaps an older one; or there is no such file
};

// Identifies a state of a file.
struct FileStamp {
  int error = 0;  // from stat()
  std::uint64_t device = 0, inode = 0, size = 0;
  std::int64_t modified = 0, changed = 0;  // nanoseconds
  std::uint32_t owner = 0, mode = 0;
  bool operator==(const FileStamp&) const = default;
};

// A file that becomes unreadable keeps its last good state, which is logged once. Includes must belong to root or to the owner of the alias
// file, and only their owner may write them.
class AliasBook {
 public:
  static constexpr std::uint64_t kMostOfFile = 8u << 20;     // octets
  static constexpr std::uint64_t kMostOfInclude = 1u << 20;  // octets
  static constexpr std::size_t kMostIncludes = 1000;

  // Reads nothing yet. Empty: there is no such file, only includes.
  explicit AliasBook(boost::filesystem::path file);

  // The same result until the next look(). Any thread; never waits for the disk.
  std::shared_ptr<const AliasFiles> files() const;
  // Reads changed files. May block; does nothing while another thread does it.
  void look();
  // The same with files included by [local] aliases.
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
  std::mutex look_mutex_;           // guards the members below
  std::optional<FileStamp> stamp_;  // of the state that was read, or could not be read
  bool was_read_ = false;
  std::vector<std::string> included_;  // by the file
  std::map<std::string, KnownInclude, std::less<>> known_;
  mutable std::mutex mutex_;                // guards the rest
  std::vector<std::string> also_included_;  // by [local] aliases
  std::shared_ptr<const AliasFiles> files_ = std::make_shared<const AliasFiles>();
};

}  // namespace mxpress::mta::routing
