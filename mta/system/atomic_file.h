// Small files that are replaced as a whole: a reader, and a crash, sees the old content or the new.
#pragma once

#include <sys/types.h>

#include <boost/filesystem/path.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "proto/result.h"

namespace mxpress::mta::system {

// At most 1 MiB of a plain file. The Error is permanent where there is no such file, else transient; it names the file.
Result<std::string> read_small_file(const boost::filesystem::path& file);

struct FileOwner {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct NewFile {
  mode_t mode = 0600;  // whatever the umask
  std::optional<FileOwner> owner{};
};

// Durable when it returns. Another file with the same name is replaced (a link to it, not the file that it leads to). After an Error the
// old one is as it was; the Error names the file and the system's reason.
Status replace_file(const boost::filesystem::path& file, std::string_view text, const NewFile& as);
// The same for a file that must not be there yet.
Status create_file(const boost::filesystem::path& file, std::string_view text, const NewFile& as);

// Puts `text` in the place of `old_text` in an administrator's file: durable, owner and mode stay, and a symbolic link leads to the new
// content. A file that is not there is made, with mode 0644. The Error says why not, also where the file says something else by now.
Status change_file(const boost::filesystem::path& file, std::string_view old_text, std::string_view text);

}  // namespace mxpress::mta::system
