// Writes a temporary file beside the target, then replaces the target.
#include "mta/system/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "mta/system/descriptor.h"
#include "mta/system/file_octets.h"

namespace mxpress::mta::system {
namespace {

using Path = boost::filesystem::path;

constexpr std::size_t kMaxFile = 1 << 20;

Error failed(const std::string& what, const Path& file) {
  const std::string text = "cannot " + what + " " + file.string() + ": " + std::strerror(errno);
  return errno == ENOENT ? Error::permanent(text) : Error::transient(text);
}

bool fill(int file, std::string_view text, const NewFile& as) {
  return write_all(file, text) && (!as.owner || ::fchown(file, as.owner->uid, as.owner->gid) == 0) && ::fchmod(file, as.mode) == 0 &&
         ::fsync(file) == 0;
}

// Leaves no incomplete file. False: errno has the reason.
bool make(const Path& path, std::string_view text, const NewFile& as) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return false;
  if (fill(file.get(), text, as)) return true;
  const int why = errno;
  ::unlink(path.c_str());
  errno = why;
  return false;
}

bool sync_folder_of(const Path& file) {
  const Path folder = file.has_parent_path() ? file.parent_path() : Path(".");
  return sync_folder(folder.c_str());
}

}  // namespace

Result<std::string> read_small_file(const Path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open()) return failed("read", path);
  auto text = read_at_most(file.get(), kMaxFile + 1);
  if (!text) return failed("read", path);
  if (text->size() > kMaxFile) return Error::transient(path.string() + " is over 1 MiB");
  return std::move(*text);
}

Status replace_file(const Path& file, std::string_view text, const NewFile& as) {
  const Path beside = file.string() + ".new-" + std::to_string(::getpid());
  ::unlink(beside.c_str());  // from a killed process with the same number
  if (!make(beside, text, as)) return failed("write", beside);
  if (::rename(beside.c_str(), file.c_str()) != 0) {
    const Error error = failed("replace", file);
    ::unlink(beside.c_str());
    return error;
  }
  return sync_folder_of(file) ? Status() : failed("sync the folder of", file);
}

Status create_file(const Path& file, std::string_view text, const NewFile& as) {
  const Path beside = file.string() + ".new-" + std::to_string(::getpid());
  ::unlink(beside.c_str());
  if (!make(beside, text, as)) return failed("write", file);
  const bool is_placed = ::link(beside.c_str(), file.c_str()) == 0;  // unlike rename(2) it replaces nothing
  const int why = errno;
  ::unlink(beside.c_str());
  errno = why;
  if (!is_placed) return failed("write", file);
  return sync_folder_of(file) ? Status() : failed("sync the folder of", file);
}

Status change_file(const Path& file, std::string_view old_text, std::string_view text) {
  struct stat status{};
  if (::lstat(file.c_str(), &status) != 0) return errno == ENOENT ? create_file(file, text, {.mode = 0644}) : failed("read", file);
  boost::system::error_code error;
  const Path target = boost::filesystem::canonical(file, error);  // the target of a link
  if (error || ::stat(target.c_str(), &status) != 0) return Error::permanent("cannot find what " + file.string() + " leads to");
  if (!S_ISREG(status.st_mode)) return Error::permanent(file.string() + " is no plain file");
  const auto now = read_small_file(target);
  if (!now) return now.error();
  if (*now != old_text) return Error::permanent(file.string() + " has been changed meanwhile: run this again");
  return replace_file(target, text, {.mode = status.st_mode & 07777, .owner = FileOwner{status.st_uid, status.st_gid}});
}

}  // namespace mxpress::mta::system
