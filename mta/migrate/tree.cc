// Opens files below a folder.
#include "mta/migrate/tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstring>

#include "mta/system/descriptor.h"
#include "mta/system/file_octets.h"

namespace mxpress::mta::migrate {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;  // octets
constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// -1: errno has the reason.
int open_below(const std::string& root, const std::string& path) {
  if (root == "/") return ::open(path.c_str(), kFlags);
  const system::Descriptor folder(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return -1;
  struct open_how how{};
  how.flags = static_cast<unsigned>(kFlags);
  how.resolve = RESOLVE_IN_ROOT;
  return static_cast<int>(::syscall(SYS_openat2, folder.get(), path.c_str(), &how, sizeof how));
}

std::string flaw_of(const struct stat& file) {
  if (S_ISDIR(file.st_mode)) return "is a directory";
  if (!S_ISREG(file.st_mode)) return "is no plain file";
  return file.st_size > static_cast<off_t>(kMaxFile) ? "is over 1 MiB: that is no configuration of a mail program" : "";
}

}  // namespace

Tree::Tree(boost::filesystem::path root) : root_(boost::filesystem::absolute(std::move(root))) {}

Result<std::optional<std::string>> Tree::read(const std::string& path) const {
  const std::string shown = is_host() ? path : root_.string() + path;
  const auto refused = [&](const std::string& why) { return Error::permanent(shown + " " + why); };
  const auto unreadable = [&] {
    return refused(std::string("cannot be read: ") + std::strerror(errno) +
                   (errno == EACCES || errno == EPERM ? " (run this as root)" : ""));
  };
  const system::Descriptor file(open_below(root_.string(), path));
  if (!file.is_open()) return errno == ENOENT || errno == ENOTDIR ? Result(std::optional<std::string>()) : unreadable();
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return unreadable();
  if (const std::string flaw = flaw_of(status); !flaw.empty()) return refused(flaw);
  auto text = system::read_at_most(file.get(), kMaxFile + 1);
  if (!text) return unreadable();
  const auto nul = text->find('\0');
  if (nul == text->npos) return std::optional(std::move(*text));
  const auto line = 1 + std::count(text->begin(), text->begin() + static_cast<std::ptrdiff_t>(nul), '\n');
  return refused("has a NUL octet in line " + std::to_string(line) + ": it is no text");
}

}  // namespace mxpress::mta::migrate
