// Takes in messages that sendmail left in the drop folder.
#include "mta/intake/drop_folder.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "mta/config/config.h"
#include "mta/intake/drop_session.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "proto/mail_data.h"
#include "queue/start_thread.h"

namespace mxpress::mta::intake {
namespace {

constexpr std::chrono::seconds kRound(30);    // from the end of one to the start of the next
constexpr std::chrono::seconds kPause(1);     // between the pieces of one
constexpr std::size_t kMaxRefused = 100;      // files kept in drop-refused; beyond it possible messages stay in the drop folder
constexpr std::size_t kMaxStuck = 10'000;     // names
constexpr std::chrono::hours kAbandoned(24);  // a .part file
constexpr std::chrono::minutes kParts(10);    // between rounds that look for them
constexpr std::string_view kPart = ".part";
constexpr std::size_t kTogether = 32;                  // files...
constexpr std::uint64_t kOctetsTogether = 128 * 1024;  // ...and octets in all; a larger file is handled alone

constexpr std::uint64_t kLargest = 64u << 20;  // octets; a larger file costs no more, because it is refused

std::uint64_t octets_of(const struct stat& file) {
  return S_ISREG(file.st_mode) ? std::min(static_cast<std::uint64_t>(file.st_size), kLargest) : 0;
}

std::size_t files_in(const boost::filesystem::path& folder) {
  std::size_t count = 0;
  DropRound(folder).go_on([&](const std::string&, int) { return ++count < kMaxRefused; });
  return count;
}

bool is_drop_name(std::string_view name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view why_not(const struct stat& file) {
  if (!S_ISREG(file.st_mode)) return "not a regular file";
  if (file.st_nlink != 1) return "a file with several links";
  if (file.st_size > static_cast<off_t>(proto::kMaxDropFile)) return "too big";
  return {};
}

// A file created in a set-group-ID folder has its group. A file that was moved here from elsewhere has another group, and its owner may not
// be the person who wants to send it.
bool was_made_in(int folder, const struct stat& file) {
  struct stat facts{};
  return ::fstat(folder, &facts) == 0 && ((facts.st_mode & S_ISGID) == 0 || facts.st_gid == file.st_gid);
}

// True for states that only the owner can have caused; other errors (no descriptors left, I/O) are temporary.
bool is_forbidden(int code) { return code == ELOOP || code == EACCES || code == EPERM || code == ENXIO || code == ENODEV; }

fairness::Owner owner_of(const std::string& name, int folder) {
  struct stat file{};
  return ::fstatat(folder, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) == 0 ? fairness::Owner::user(file.st_uid) : fairness::Owner();
}

bool is_abandoned(const struct stat& file) {
  return Clock::current().wall() - WallTime{std::chrono::seconds(file.st_mtim.tv_sec)} >= kAbandoned;
}

void log_file(const fairness::Owner& owner, Priority priority, std::string_view event, const std::string& name, std::string_view reason) {
  if (!may_log(owner, event)) return;
  LogLine line(priority, event);
  log(line.add("file", name).add("reason", reason).add("owner", owner.to_string()));
}

// If too many log lines about an owner's mail wait, his files wait, too, because a returned message is concluded at once.
bool has_log_room(const fairness::Owner& owner) { return log_rooms().accepted.has_room(owner) && log_rooms().outcomes.has_room(owner); }

}  // namespace

DropFolder::DropFolder(Context& context)
    : context_(context),
      folder_(context.config.get()->drop_directory()),
      refused_(context.config.get()->refused_directory()),
      round_(folder_),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Status DropFolder::start() {
  auto thread = queue::start_thread([this] { run(); });
  if (!thread) return thread.error();
  thread_ = std::move(*thread);
  return {};
}

void DropFolder::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  ::eventfd_write(wake_.get(), 1);
  thread_.join();
}

// The watch is set before the first round, so that no file is missed between them.
void DropFolder::run() {
  DropWatch watch(folder_);
  pollfd events[2] = {{watch.descriptor(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
  BootTime next_piece{};
  while (!stopping_) {
    if (BootClock::now() >= next_piece) {
      const bool is_done = look_at_piece() && !std::exchange(skipped_, false);
      next_piece = BootClock::now() + (is_done ? kRound : kPause);
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next_piece - BootClock::now()).count();
    if (lines_.empty() && work_.empty()) ::poll(events, 2, static_cast<int>(std::max<std::int64_t>(wait, 0)));
    const bool all = take_named(watch);
    if (!serve_some() || !all) next_piece = std::min(next_piece, BootClock::now() + kPause);
  }
  work_.finish();
}

// Queues the files that sendmail has just finished, without looking at others. False: some were missed.
bool DropFolder::take_named(DropWatch& watch) {
  bool all = true;
  std::optional<system::Descriptor> folder;
  const bool complete = watch.read([&](const std::string& name) {
    if (!is_drop_name(name)) return;
    if (!folder) folder.emplace(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    all = look_at(name, folder->get()) && all;
  });
  return all && complete;
}

// Returns true if the round has ended.
bool DropFolder::look_at_piece() {
  const bool ended = round_.go_on([this](const std::string& name, int folder) {
    skipped_ = !look_at(name, folder) || skipped_;
    return !stopping_;
  });
  if (ended && std::exchange(looks_at_parts_, false)) next_parts_ = BootClock::now() + kParts;
  if (ended && BootClock::now() >= next_parts_) looks_at_parts_ = true;
  return ended;
}

void DropFolder::scan() {
  for (bool ended = false; !ended;) {
    ended = look_at_piece();
    while (!lines_.empty() || !work_.empty()) serve_some();
  }
}

// False: the lines have no room for it.
bool DropFolder::look_at(const std::string& name, int folder) {
  const bool is_part = name.ends_with(kPart);
  if (is_part && !looks_at_parts_) return true;
  struct stat file{};
  if (stuck_.contains(name) || work_.contains(name) || ::fstatat(folder, name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) return true;
  if (is_part) {
    if (is_abandoned(file)) remove_old_part(name, folder, file);
    return true;
  }
  return lines_.add({file.st_uid, name, octets_of(file)});
}

// False: owners have used up their shares; their other files wait for the next round.
bool DropFolder::serve_some() {
  bool all = true;
  if (!lines_.empty()) {
    const auto folder =
        std::make_shared<const system::Descriptor>(::open(folder_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    std::vector<Opened> files;
    all = open_some(folder->get(), files);
    for (Opened& file : files) {
      const std::string name = file.name;
      work_.begin(file.facts.st_uid, name, take(std::move(file), folder));
    }
  }
  work_.run();
  return all;
}

bool DropFolder::open_some(int folder, std::vector<Opened>& files) {
  bool all = true;
  std::uint64_t octets = 0;
  while (files.size() < kTogether && octets < kOctetsTogether && work_.has_room() && !stopping_) {
    auto next = lines_.next([this](uid_t owner) { return !work_.is_busy_for(owner); });
    if (!next) break;
    if (work_.contains(next->name)) continue;
    if (octets > 0 && octets + next->octets > kOctetsTogether) {
      lines_.put_back(std::move(*next));
      break;
    }
    if (!has_log_room(fairness::Owner::user(next->owner)) || !shares_.take(next->owner, next->octets, BootClock::now())) {
      lines_.forget(next->owner);
      all = false;
      continue;
    }
    auto opened = open(next->name, folder);
    if (!opened) continue;
    if (opened->facts.st_uid != next->owner) {  // another user has got the name since: it is his turn's
      all = false;
      continue;
    }
    octets += octets_of(opened->facts);
    if (!files.empty() && octets > kOctetsTogether) return false;  // it has grown meanwhile
    files.push_back(std::move(*opened));
  }
  return all;
}

void DropFolder::remove_old_part(const std::string& name, int folder, const struct stat& file) {
  if (::unlinkat(folder, name.c_str(), 0) == 0)
    log_file(fairness::Owner::user(file.st_uid), Priority::notice, "drop-removed", name, "not finished for a day");
}

// Nullopt: it has been handled, or stays.
std::optional<DropFolder::Opened> DropFolder::open(const std::string& name, int folder) {
  const auto aside = [&](std::string_view reason) {
    put_aside(name, folder, Fate::no_message, reason);
    return std::nullopt;
  };
  if (!is_drop_name(name)) return aside("not a name that sendmail gives");
  system::Descriptor file(::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat facts{};
  if (!file.is_open() || ::fstat(file.get(), &facts) != 0) {
    if (errno == ENOENT) return std::nullopt;  // its owner has removed it
    const int code = errno;
    if (is_forbidden(code)) return aside(code == ELOOP ? "a symbolic link" : std::strerror(code));
    log_file(owner_of(name, folder), Priority::error, "drop-waits", name, std::strerror(code));  // the file stays
    return std::nullopt;
  }
  const std::string_view reason = why_not(facts);
  if (!reason.empty()) return aside(reason);
  if (!was_made_in(folder, facts)) {
    put_aside(name, folder, Fate::refused, "made elsewhere, and moved here");
    return std::nullopt;
  }
  return Opened{name, std::move(file), facts};
}

Task<void> DropFolder::take(Opened opened, SharedFolder folder) {
  const Fate fate = co_await read_message(opened);
  const std::string& name = opened.name;
  if (fate == Fate::refused || fate == Fate::no_message) co_return put_aside(name, folder->get(), fate, "refused");
  if (fate == Fate::taken && ::unlinkat(folder->get(), name.c_str(), 0) != 0 && stuck_.size() < kMaxStuck) {
    stuck_.insert(name);  // the spool knows the name, so the next start does not repeat it
    log_file(fairness::Owner::user(opened.facts.st_uid), Priority::error, "drop-stuck", name, std::strerror(errno));
  }
}

Task<DropFolder::Fate> DropFolder::read_message(Opened& opened) {
  const uid_t owner = opened.facts.st_uid;
  Entrance entrance;
  entrance.submitter.entrance = "drop";
  entrance.submitter.uid = owner;
  entrance.drop_name = opened.name + "-" + std::to_string(owner);  // another user's file may have the same name
  const auto size = static_cast<std::uint64_t>(opened.facts.st_size);
  const auto [verdict, work] = co_await take_drop_file(context_, std::move(opened.file), size, std::move(entrance), &stopping_);
  shares_.charge(owner, work);
  if (verdict.is_positive()) co_return Fate::taken;
  if (verdict.code / 100 == 4) co_return Fate::later;
  co_return is_no_message(verdict) ? Fate::no_message : Fate::refused;
}

// If drop-refused is full it is not checked again for a second.
bool DropFolder::move_aside(const std::string& name, int folder) {
  if (BootClock::now() < full_until_) return false;
  ::mkdir(refused_.c_str(), 0700);  // fails if it exists
  if (files_in(refused_) >= kMaxRefused) {
    full_until_ = BootClock::now() + std::chrono::seconds(1);
    return false;
  }
  const system::Descriptor aside(::open(refused_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  return aside.is_open() && ::renameat(folder, name.c_str(), aside.get(), name.c_str()) == 0;
}

// Possible messages are moved or stay.
void DropFolder::put_aside(const std::string& name, int folder, Fate fate, std::string_view reason) {
  const fairness::Owner owner = owner_of(name, folder);
  const bool moved = move_aside(name, folder);
  const auto remove = [&] { return ::unlinkat(folder, name.c_str(), 0) == 0 || ::unlinkat(folder, name.c_str(), AT_REMOVEDIR) == 0; };
  const bool gone = moved || (fate == Fate::no_message && remove());
  if (!gone && (stuck_.size() >= kMaxStuck || !stuck_.insert(name).second)) return;  // an owner of so many such files must not fill the log
  log_file(owner, Priority::warning, moved ? "drop-refused" : gone ? "drop-removed" : "drop-stuck", name, reason);
}

}  // namespace mxpress::mta::intake
