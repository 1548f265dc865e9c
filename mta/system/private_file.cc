// Reads files with secrets.
#include "mta/system/private_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "mta/system/descriptor.h"
#include "mta/system/file_octets.h"

namespace mxpress::mta::system {
namespace {

constexpr std::size_t kMaxFile = 64 * 1024;  // octets; tokens and keys have some thousand

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

// The problem with this file; empty: none.
std::string flaw_of(const struct stat& file) {
  if (S_ISDIR(file.st_mode)) return "is a directory";
  if (!S_ISREG(file.st_mode)) return "is no plain file";
  if ((file.st_mode & 07) != 0) return "can be used by everybody (mode " + octal(file.st_mode) + "): chown root:mxpress it, and chmod 640";
  return file.st_size > static_cast<off_t>(kMaxFile) ? "is over 64 KiB" : "";
}

std::string error_words() {
  if (errno != EACCES) return std::string("cannot be read: ") + std::strerror(errno);
  return "cannot be read by mxpressd: chown root:mxpress it, and chmod 640, and its folder must let the group mxpress in";
}

}  // namespace

Result<std::string> read_private_file(const std::string& path, std::string_view what) {
  const auto refused = [&](const std::string& why) { return Error::permanent(std::string(what) + " " + path + " " + why); };
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) return refused(error_words());
  if (const std::string flaw = flaw_of(status); !flaw.empty()) return refused(flaw);
  auto text = read_at_most(file.get(), kMaxFile + 1);
  if (!text) return refused(error_words());
  return std::move(*text);
}

}  // namespace mxpress::mta::system
