// Repeats read and write until everything is done.
#include "mta/system/file_octets.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "mta/system/descriptor.h"

namespace mxpress::mta::system {

bool write_all(int file, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t count = ::write(file, octets.data(), octets.size());
    if (count < 0 && errno == EINTR) continue;
    if (count == 0) errno = EIO;
    if (count <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<std::string> read_at_most(int file, std::size_t most) {
  std::string octets(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const ssize_t count = ::read(file, octets.data() + size, most - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  octets.resize(size);
  return octets;
}

bool sync_folder(const char* folder) {
  const Descriptor opened(::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.is_open() && ::fsync(opened.get()) == 0;
}

}  // namespace mxpress::mta::system
