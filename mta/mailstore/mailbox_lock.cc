// Locks a mailbox.
#include "mta/mailstore/mailbox_lock.h"

#include <fcntl.h>
#include <lockfile.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "mta/system/descriptor.h"

namespace mxpress::mta::mailstore {
namespace {

using Clock = std::chrono::steady_clock;

constexpr timespec kBetweenTries{0, 100'000'000};

bool set_lock(int file, short kind) {
  struct flock whole{};
  whole.l_type = kind;
  whole.l_whence = SEEK_SET;
  return ::fcntl(file, F_SETLK, &whole) == 0;
}

bool is_held(int error) { return error == EACCES || error == EAGAIN; }

// The process with the fcntl lock, in words.
std::string holder(int file) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(file, F_GETLK, &whole) != 0 || whole.l_type == F_UNLCK || whole.l_pid <= 0) return "another program";
  return "process " + std::to_string(whole.l_pid);
}

// Repeats `once` until it succeeds or the time is up. Returns 0, or the last error.
template <class Try>
int keep_trying(Clock::time_point until, Try once) {
  for (;;) {
    const int error = once();
    if (error == 0 || !is_held(error) || Clock::now() >= until) return error;
    ::nanosleep(&kBetweenTries, nullptr);
  }
}

// The text of the existing lock, after its first line.
std::string text_of_lock(const std::string& path) {
  const system::Descriptor lock(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  std::array<char, 8192> text;
  const ssize_t got = lock.is_open() ? ::pread(lock.get(), text.data(), text.size(), 0) : 0;
  const std::string_view all(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto end = all.find('\n');
  return std::string(end == all.npos ? std::string_view() : all.substr(end + 1));
}

// L_PID: the lock names its process, so that the lock of a dead process can be removed.
int create_dot_lock(const std::string& path) {
  const int result = ::lockfile_create(path.c_str(), 0, L_PID);
  if (result == L_SUCCESS) return 0;
  if (result == L_MAXTRYS) return EAGAIN;
  return errno != 0 && !is_held(errno) ? errno : EPERM;
}

}  // namespace

Result<MailboxLock> MailboxLock::take(int file, const std::string& path, std::chrono::milliseconds patience) {
  const auto until = Clock::now() + patience;
  const std::string dot_lock = path + ".lock";
  if (const int error = keep_trying(until, [&] { return set_lock(file, F_WRLCK) ? 0 : errno; }); error != 0)
    return Error::transient(path + " is locked by " + (is_held(error) ? holder(file) : std::string(std::strerror(error))));
  std::string left_behind;
  const int error = keep_trying(until, [&] {
    left_behind = text_of_lock(dot_lock);
    return create_dot_lock(dot_lock);
  });
  if (error == 0) return MailboxLock(file, dot_lock, std::move(left_behind));
  set_lock(file, F_UNLCK);
  if (is_held(error)) return Error::transient(path + " is locked by another program: " + dot_lock);
  return Error::transient("cannot make " + dot_lock + ": " + std::strerror(error));
}

MailboxLock::~MailboxLock() {
  if (dot_lock_.empty()) return;
  ::lockfile_remove(dot_lock_.c_str());
  set_lock(file_, F_UNLCK);
}

bool MailboxLock::note(const std::string& text) const {
  const system::Descriptor lock(::open(dot_lock_.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  return lock.is_open() && ::write(lock.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

void MailboxLock::touch() const { ::lockfile_touch(dot_lock_.c_str()); }

}  // namespace mxpress::mta::mailstore
