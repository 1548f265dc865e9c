// resolv.conf as a file: see resolv_conf_file.h.
#include "dns/resolv_conf_file.h"

#include <fcntl.h>
#include <unistd.h>

namespace mxpress::dns {
namespace {

constexpr auto kLookInterval = std::chrono::seconds(3);
constexpr std::size_t kMaxSize = 65536;

}  // namespace

const ResolverOptions& ResolvConfFile::current(BootTime now) {
  if (now < next_look_) return options_;
  next_look_ = now + kLookInterval;
  const Version version = look();
  if (version == version_) return options_;
  version_ = version;
  options_ = parse_resolv_conf(read());
  return options_;
}

// Follows a symbolic link: the file behind it is often replaced by rename.
ResolvConfFile::Version ResolvConfFile::look() const {
  struct stat status{};
  if (::stat(path_.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

std::string ResolvConfFile::read() const {
  const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return {};
  std::string text(kMaxSize, '\0');
  const ssize_t size = ::read(file, text.data(), text.size());
  ::close(file);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return text;
}

}  // namespace mxpress::dns
