// Counts checks.
#include "mta/check/pace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace mxpress::mta::check {
namespace {

std::int64_t milliseconds(WallTime time) { return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count(); }

std::string file_of(uid_t uid) {
  const char* const folder = ::secure_getenv("XDG_RUNTIME_DIR");
  if (folder && *folder == '/') return std::string(folder) + "/mxpress-check";
  return uid == 0 ? "/run/mxpress-check" : "/tmp/mxpress-check-" + std::to_string(uid);
}

// A file of the user that is locked; others may have put something else in its place.
class OwnFile {
 public:
  explicit OwnFile(uid_t uid)
      : descriptor_(::open(file_of(uid).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600)) {
    struct stat state{};
    const bool is_own = descriptor_ >= 0 && ::fstat(descriptor_, &state) == 0 && S_ISREG(state.st_mode) && state.st_uid == uid;
    is_usable_ = is_own && ::flock(descriptor_, LOCK_EX) == 0;
  }
  ~OwnFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  OwnFile(const OwnFile&) = delete;
  OwnFile& operator=(const OwnFile&) = delete;

  bool is_usable() const { return is_usable_; }
  std::string read() const {
    char buffer[1024];
    const ssize_t size = ::pread(descriptor_, buffer, sizeof buffer, 0);
    return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : std::string();
  }
  void write(const std::string& text) const {
    if (::ftruncate(descriptor_, 0) == 0) static_cast<void>(::pwrite(descriptor_, text.data(), text.size(), 0) == 0);
  }

 private:
  const int descriptor_;
  bool is_usable_ = false;
};

}  // namespace

Pace Pace::parse(std::string_view text) {
  Pace pace;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::int64_t time = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + end, time);
    if (error == std::errc() && rest == text.data() + end) pace.times_.emplace_back(std::chrono::milliseconds(time));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (pace.times_.size() > kMostInPeriod) pace.times_.erase(pace.times_.begin(), pace.times_.end() - kMostInPeriod);
  return pace;
}

std::string Pace::text() const {
  std::string text;
  for (const WallTime time : times_) text += std::to_string(milliseconds(time)) + "\n";
  return text;
}

std::optional<Duration> Pace::begin(WallTime now) {
  std::erase_if(times_, [now](WallTime time) { return time > now || time <= now - kPeriod; });
  if (times_.size() >= kMostInPeriod) return std::chrono::ceil<Duration>(times_.front() + kPeriod - now);
  times_.push_back(now);
  return std::nullopt;
}

std::optional<Duration> begin_check(WallTime now) {
  const OwnFile file(::geteuid());
  if (!file.is_usable()) return std::nullopt;
  Pace pace = Pace::parse(file.read());
  if (const auto wait = pace.begin(now)) return wait;
  file.write(pace.text());
  return std::nullopt;
}

}  // namespace mxpress::mta::check
