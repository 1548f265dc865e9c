// Writes files of mailboxes.
#include "mta/mailstore/file_calls.h"

#include <cerrno>
#include <cstring>

namespace mxpress::mta::mailstore {

Error failed_to(const char* doing, const std::string& path) {
  return Error::transient(std::string("cannot ") + doing + " " + path + ": " + std::strerror(errno));
}

bool write_all(const FileCalls& calls, int file, std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t written = calls.write(file, octets.data(), octets.size());
    if (written < 0 && errno == EINTR) continue;
    if (written == 0) errno = ENOSPC;
    if (written <= 0) return false;
    octets.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Status sync_folder(const FileCalls& calls, int folder, const std::string& path) {
  return calls.fsync(folder) == 0 ? Status() : failed_to("sync", path);
}

}  // namespace mxpress::mta::mailstore
