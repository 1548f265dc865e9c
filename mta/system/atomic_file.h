// Small files that are replaced as a whole: after a crash, and for readers, the content is the old one or the new one.
#pragma once

#include <sys/types.h>

#include <boost/filesystem/path.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::system {

// Reads at most 1 MiB of a regular file. The Error is permanent if there is no such file, else transient; it names the file.
Result<std::string> read_small_file(const boost::filesystem::path& file);

struct FileOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct NewFile {
  mode_t mode = 0600;  // independent of the umask
  std::optional<FileOwner> owner{};
};

// Durable when it returns. Replaces another file with the same name (a link itself, not its target). After an Error the old one is
// unchanged; the Error names the file and the system's reason.
Status replace_file(const boost::filesystem::path& file, std::string_view text, const NewFile& as);
// The same for a file that must not exist yet.
Status create_file(const boost::filesystem::path& file, std::string_view text, const NewFile& as);

// Replaces `old_text` by `text` in an administrator's file: durable, keeping owner and mode, and following a symbolic link. Creates a
// missing file with mode 0644. The Error has the reason, for example that the file has changed meanwhile.
Status change_file(const boost::filesystem::path& file, std::string_view old_text, std::string_view text);

}  // namespace mxpress::mta::system
