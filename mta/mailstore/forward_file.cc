// Reads ~/.forward.
#include "mta/mailstore/forward_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "mta/mailstore/file_calls.h"
#include "mta/mailstore/request.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::mailstore {
namespace {

using system::Descriptor;

constexpr int kOpen = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

ForwardFile refused(const std::string& why) { return {"", why}; }

bool is_owned(const struct stat& what, uid_t owner) { return what.st_uid == owner || what.st_uid == 0; }

bool may_be_written_by_others(const struct stat& what) { return (what.st_mode & (S_IWGRP | S_IWOTH)) != 0; }

// Checks the owner of the file, and that nobody else may change or replace it. Empty: it is safe.
std::string why_not(const struct stat& file, const struct stat& home, uid_t owner, const std::string& path, const std::string& folder) {
  if (!S_ISREG(file.st_mode)) return path + " is no ordinary file";
  if (!is_owned(file, owner)) return path + " belongs to another user";
  if (may_be_written_by_others(file)) return path + " may be written by others (chmod go-w)";
  if (!is_owned(home, owner)) return folder + " belongs to another user";
  if (may_be_written_by_others(home)) return folder + " may be written by others (chmod go-w)";
  return {};
}

Result<ForwardFile> read_all(int file, const std::string& path) {
  ForwardFile found;
  found.text.resize(kMaxForward + 1);
  std::size_t have = 0;
  while (have < found.text.size()) {
    const ssize_t got = ::read(file, found.text.data() + have, found.text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed_to("read", path);
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  if (have > kMaxForward) return refused(path + " is larger than " + std::to_string(kMaxForward >> 10) + " KiB");
  found.text.resize(have);
  if (found.text.find('\0') != std::string::npos) return refused(path + " is no text");
  return found;
}

}  // namespace

Result<ForwardFile> read_forward(const std::string& home, uid_t owner) {
  const std::string path = home + "/.forward";
  const Descriptor folder(::open(home.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  // A user without access to his home has no file there.
  const bool has_none = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
  if (!folder.is_open()) return has_none ? Result<ForwardFile>(ForwardFile()) : failed_to("open", home);
  struct stat home_is{}, file_is{};
  if (::fstatat(folder.get(), ".forward", &file_is, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT || errno == EACCES ? Result<ForwardFile>(ForwardFile()) : failed_to("look at", path);
  if (S_ISLNK(file_is.st_mode)) return refused(path + " is a symbolic link");
  if (!S_ISREG(file_is.st_mode)) return refused(path + " is no ordinary file");
  const Descriptor file(::openat(folder.get(), ".forward", kOpen));
  if (!file.is_open()) return failed_to("open", path);
  if (::fstat(file.get(), &file_is) != 0) return failed_to("look at", path);
  if (::fstat(folder.get(), &home_is) != 0) return failed_to("look at", home);
  const std::string why = why_not(file_is, home_is, owner, path, home);
  return why.empty() ? read_all(file.get(), path) : refused(why);
}

}  // namespace mxpress::mta::mailstore
