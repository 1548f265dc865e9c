// Opens files for a message, and notices when they change.
#include "mta/compose/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "proto/printable.h"

namespace mxpress::mta::compose {
namespace {

constexpr std::size_t kPiece = 64 * 1024;

std::string shown(const std::string& path) { return proto::printable_utf8(path, 1000); }

Error failed(const char* what, const std::string& path) {
  return Error::permanent(std::string("cannot ") + what + " " + shown(path) + ": " + std::strerror(errno));
}

// The reason why a file of this kind has no content that could be sent; nullptr for a regular file.
const char* obstacle(mode_t mode) {
  if (S_ISREG(mode)) return nullptr;
  if (S_ISDIR(mode)) return "is a folder: make an archive of it, or name its files";
  if (S_ISFIFO(mode)) return "is a FIFO, whose size is not known: save what comes from it in a file first";
  if (S_ISSOCK(mode)) return "is a socket, not a file";
  return "is a device, not a file";
}

std::int64_t time_of(const struct stat& state) { return std::int64_t{state.st_mtim.tv_sec} * 1'000'000'000 + state.st_mtim.tv_nsec; }

ssize_t read_piece(int descriptor, char* buffer, std::size_t size) {
  ssize_t got = 0;
  do {
    got = ::read(descriptor, buffer, size);
  } while (got < 0 && errno == EINTR);
  return got;
}

bool write_piece(int descriptor, std::string_view piece) {
  while (!piece.empty()) {
    const ssize_t written = ::write(descriptor, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    piece.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string folder_for_copies() {
  const char* const named = ::secure_getenv("TMPDIR");
  return named && *named ? named : "/tmp";
}

}  // namespace

void Source::note_state() {
  struct stat state{};
  ::fstat(file_.get(), &state);
  size_ = static_cast<std::uint64_t>(state.st_size);
  changed_ns_ = time_of(state);
}

// The kind is looked at first, because to open a device can have an effect.
Result<Source> Source::open(const std::string& path) {
  struct stat state{};
  if (::stat(path.c_str(), &state) != 0) return failed("read", path);
  if (const char* const why = obstacle(state.st_mode)) return Error::permanent(shown(path) + " " + why);
  Source source(path, system::Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)));
  if (!source.file_.is_open()) return failed("read", path);
  ::fstat(source.descriptor(), &state);
  if (const char* const why = obstacle(state.st_mode)) return Error::permanent(shown(path) + " " + why);
  source.note_state();
  const auto first = source.read_at(0, 1);
  if (!first) return first.error();
  if (source.size_ == 0 && !first->empty())
    return Error::permanent(shown(path) + " does not say its size (as files below /proc do): send a copy of it");
  return source;
}

Result<Source> Source::copy_of(int descriptor, std::string name, std::uint64_t most) {
  auto file = open_nameless();
  if (!file) return file.error();
  Source source(std::move(name), std::move(*file));
  char buffer[kPiece];
  ssize_t got = 0;
  while ((got = read_piece(descriptor, buffer, sizeof buffer)) > 0) {
    source.size_ += static_cast<std::uint64_t>(got);
    if (source.size_ > most)
      return Error::permanent(shown(source.path_) + " has more than the " + std::to_string(most) + " octets that a message may have");
    if (!write_piece(source.descriptor(), {buffer, static_cast<std::size_t>(got)})) return failed("write to", folder_for_copies());
  }
  if (got < 0) return failed("read", source.path_);
  source.note_state();
  return source;
}

Result<system::Descriptor> open_nameless() {
  const std::string folder = folder_for_copies();
  system::Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!file.is_open()) return failed("make a file in", folder);
  return file;
}

Status Source::check_unchanged() const {
  struct stat state{};
  if (::fstat(file_.get(), &state) != 0) return Error::transient("cannot read " + shown(path_) + ": " + std::strerror(errno));
  if (static_cast<std::uint64_t>(state.st_size) == size_ && time_of(state) == changed_ns_) return {};
  return Error::transient(shown(path_) + " changed while it was read: nothing was sent");
}

Result<std::string> Source::read_at(std::uint64_t offset, std::size_t most) const {
  std::string piece(most, '\0');
  std::size_t filled = 0;
  while (filled < most) {
    const ssize_t got = ::pread(file_.get(), piece.data() + filled, most - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("read", path_);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  piece.resize(filled);
  return piece;
}

}  // namespace mxpress::mta::compose
