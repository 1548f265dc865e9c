// The disk of the operating system: each operation is one or two system calls.
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "queue/disk.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kMaxPieces = 512;  // of one pwritev; IOV_MAX is 1024

Error system_error(const char* what, const Path& path) {
  const int code = errno;
  return Error::transient(std::string("cannot ") + what + " " + path.string() + ": " + std::strerror(code));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::vector<iovec> to_iovecs(const std::vector<std::string_view>& pieces, std::size_t& next, std::size_t skip) {
  std::vector<iovec> out;
  out.reserve(std::min(pieces.size() - next, kMaxPieces));
  for (std::size_t i = next; i < pieces.size() && out.size() < kMaxPieces; ++i) {
    auto piece = pieces[i];
    if (i == next) piece.remove_prefix(skip);
    out.push_back({const_cast<char*>(piece.data()), piece.size()});
  }
  return out;
}

class SystemFile : public File {
 public:
  SystemFile(int fd, Path path) : fd_(fd), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t n = ::pread(fd_.get(), buffer + done, size - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return system_error("read", path_);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
    }
    return done;
  }

  std::size_t read_if_cached(std::uint64_t offset, char* buffer, std::size_t size) const override {
    const iovec piece{buffer, size};
    const ssize_t n = ::preadv2(fd_.get(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
    return static_cast<std::size_t>(std::max<ssize_t>(n, 0));
  }

  Status write_at(std::uint64_t offset, const std::vector<std::string_view>& pieces) override {
    std::size_t next = 0, skip = 0;  // piece, and octet in it, to write next
    while (next < pieces.size()) {
      const auto vectors = to_iovecs(pieces, next, skip);
      const ssize_t n = ::pwritev(fd_.get(), vectors.data(), static_cast<int>(vectors.size()), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return system_error("write", path_);
      offset += static_cast<std::uint64_t>(n);
      skip += static_cast<std::size_t>(n);
      while (next < pieces.size() && skip >= pieces[next].size()) skip -= pieces[next++].size();
    }
    return {};
  }

  Status begin_sync() override {
    if (::sync_file_range(fd_.get(), 0, 0, SYNC_FILE_RANGE_WRITE) == 0) return {};
    const bool is_disk_error = errno == EIO || errno == ENOSPC || errno == ENOMEM || errno == EDQUOT;
    return is_disk_error ? system_error("write back", path_) : Status();  // not supported here: sync() writes everything
  }

  int descriptor() const override { return fd_.get(); }
  Status sync() override { return ::fdatasync(fd_.get()) == 0 ? Status() : system_error("sync", path_); }

  Status allocate(std::uint64_t size) override {
    int error;
    do error = ::posix_fallocate(fd_.get(), 0, static_cast<off_t>(size));
    while (error == EINTR);
    errno = error;
    return error == 0 ? Status() : system_error("reserve space for", path_);
  }

  Status truncate(std::uint64_t size) override {
    return ::ftruncate(fd_.get(), static_cast<off_t>(size)) == 0 ? Status() : system_error("cut", path_);
  }

  Result<std::uint64_t> size() const override {
    struct stat info{};
    if (::fstat(fd_.get(), &info) != 0) return system_error("inspect", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Result<bool> try_lock(Lock lock) override {
    if (::flock(fd_.get(), (lock == Lock::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0) return true;
    if (errno == EWOULDBLOCK) return false;
    return system_error("lock", path_);
  }

 private:
  Descriptor fd_;
  Path path_;
};

int flags_of(Open mode) {
  switch (mode) {
    case Open::read:
      return O_RDONLY;
    case Open::write:
      return O_RDWR;
    case Open::create:
      return O_RDWR | O_CREAT | O_EXCL;
    case Open::open_or_create:
      return O_RDWR | O_CREAT;
  }
  return O_RDONLY;
}

// Nullopt, with errno, if the kind is unknown: a file of ours must not be skipped because of a wrong guess.
std::optional<FolderEntry::Kind> kind_of(int folder, const dirent& entry) {
  struct stat info{};
  if (::fstatat(folder, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return std::nullopt;
  if (S_ISREG(info.st_mode)) return FolderEntry::Kind::file;
  return S_ISDIR(info.st_mode) ? FolderEntry::Kind::folder : FolderEntry::Kind::other;
}

}  // namespace

Result<std::shared_ptr<File>> SystemDisk::open(const Path& path, Open mode) {
  // O_NONBLOCK: a FIFO in place of a file must not block us; it is refused below.
  const int fd = ::open(path.c_str(), flags_of(mode) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return system_error(mode == Open::create ? "create" : "open", path);
  std::shared_ptr<File> file = std::make_shared<SystemFile>(fd, path);
  struct stat info{};
  if (::fstat(fd, &info) != 0) return system_error("inspect", path);
  if (!S_ISREG(info.st_mode)) return Error::transient("cannot open " + path.string() + ": not a regular file");
  return file;
}

Result<bool> SystemDisk::exists(const Path& path) {
  struct stat info{};
  if (::lstat(path.c_str(), &info) == 0) return true;
  if (errno == ENOENT) return false;
  return system_error("look for", path);
}

Result<std::vector<FolderEntry>> SystemDisk::list(const Path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR* handle = fd < 0 ? nullptr : ::fdopendir(fd);
  if (!handle) {
    const auto error = system_error("list", folder);
    if (fd >= 0) ::close(fd);
    return error;
  }
  std::vector<FolderEntry> out;
  errno = 0;
  while (const dirent* entry = ::readdir(handle)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      const auto kind = kind_of(::dirfd(handle), *entry);
      if (!kind && errno != ENOENT) break;
      if (kind) out.push_back({std::string(name), *kind});  // otherwise it was just removed
    }
    errno = 0;
  }
  const int code = errno;
  ::closedir(handle);
  errno = code;
  if (code != 0) return system_error("list", folder);
  std::sort(out.begin(), out.end(), [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return out;
}

Status SystemDisk::make_folder(const Path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return system_error("make folder", folder);
  struct stat info{};
  if (::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return {};
  return Error::transient("cannot make folder " + folder.string() + ": something else has that name");
}

Status SystemDisk::rename(const Path& from, const Path& to) {
  return ::rename(from.c_str(), to.c_str()) == 0 ? Status() : system_error("rename", from);
}

Status SystemDisk::remove(const Path& file) { return ::unlink(file.c_str()) == 0 ? Status() : system_error("remove", file); }

Status SystemDisk::sync_folder(const Path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("open folder", folder);
  return ::fsync(fd.get()) == 0 ? Status() : system_error("sync folder", folder);
}

Status SystemDisk::sync_all(const Path& folder) {
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return system_error("open folder", folder);
  return ::syncfs(fd.get()) == 0 ? Status() : system_error("sync the file system of", folder);
}

Result<Room> SystemDisk::room(const Path& folder) {
  struct statvfs info{};
  if (::statvfs(folder.c_str(), &info) != 0) return system_error("ask for the free space of", folder);
  Room room{static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize, std::nullopt};
  if (info.f_files != 0) room.inodes = info.f_favail;
  return room;
}

Result<std::string> read_exactly(const File& file, std::uint64_t offset, std::uint64_t size) {
  std::string out(size, '\0');
  const auto n = file.read_at(offset, out.data(), out.size());
  if (!n) return n.error();
  if (*n != size) return Error::transient("a file of the spool is shorter than it was");
  return out;
}

Result<std::string> read_whole(const File& file, std::uint64_t limit) {
  const auto size = file.size();
  if (!size) return size.error();
  if (*size > limit) return Error::permanent("a file of the spool is larger than any that is written there");
  return read_exactly(file, 0, *size);
}

}  // namespace mxpress::queue
