// Appends to an mbox.
#include "mta/mailstore/mbox.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "mta/mailstore/mailbox_lock.h"
#include "mta/mailstore/mbox_end.h"
#include "mta/system/descriptor.h"

namespace mxpress::mta::mailstore {
namespace {

using system::Descriptor;

constexpr int kOpen = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int kTries = 5;  // a mail reader may replace the mailbox meanwhile
constexpr mode_t kMode = 0660;
constexpr std::size_t kBlock = 64u << 10;

// The reason why this file must not be appended to, or an empty text. A user who may write to the folder could lead us to another file.
Status check(const struct stat& file, const MboxPlace& place, const std::string& path) {
  const char* why = nullptr;
  if (!S_ISREG(file.st_mode))
    why = " is no ordinary file";
  else if (file.st_nlink > 1)
    why = " has more than one name (hard links)";
  else if (file.st_uid != place.owner && file.st_uid != ::geteuid())
    why = " belongs to another user";
  return why ? Status(Error::transient(path + why)) : Status();
}

struct Opened {
  Descriptor file;
  bool is_new = false;
};

Result<Opened> open_mailbox(int folder, const MboxPlace& place, const std::string& path) {
  const auto open_old = [&] { return Opened{Descriptor(::openat(folder, place.name.c_str(), kOpen)), false}; };
  Opened opened = open_old();
  if (!opened.file.is_open() && errno == ENOENT)
    opened = {Descriptor(::openat(folder, place.name.c_str(), kOpen | O_CREAT | O_EXCL, kMode)), true};
  if (opened.file.is_open() && opened.is_new && ::fchmod(opened.file.get(), kMode) != 0) return failed_to("open to its group", path);
  if (!opened.file.is_open() && errno == EEXIST) opened = open_old();  // another program has just created it
  if (!opened.file.is_open() && errno == ELOOP) return Error::transient(path + " is a symbolic link");
  if (!opened.file.is_open()) return failed_to("open", path);
  struct stat found{};
  if (::fstat(opened.file.get(), &found) != 0) return failed_to("look at", path);
  if (Status status = check(found, place, path); !status) return status.error();
  return opened;
}

// True if the name still leads to the open file: before it was locked, another program may have removed or replaced it.
bool is_still_there(int folder, const MboxPlace& place, int file) {
  struct stat named{}, open{};
  return ::fstatat(folder, place.name.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 && ::fstat(file, &open) == 0 &&
         named.st_dev == open.st_dev && named.st_ino == open.st_ino && open.st_nlink == 1;
}

// Appends in blocks, skipping the first `skipped` octets.
class Appender {
 public:
  Appender(int file, const MailboxLock& lock, const FileCalls& calls, std::uint64_t skipped)
      : file_(file), lock_(lock), calls_(calls), skipped_(skipped) {}

  bool add(std::string_view octets) {
    const auto known = std::min<std::uint64_t>(skipped_, octets.size());
    skipped_ -= known;
    block_.append(octets.substr(static_cast<std::size_t>(known)));
    return block_.size() < kBlock || flush();
  }
  bool flush() {
    lock_.touch();
    written_ += block_.size();
    const bool done = write_all(calls_, file_, block_);
    block_.clear();
    return done;
  }
  std::uint64_t written() const { return written_; }  // or tried to write

 private:
  const int file_;
  const MailboxLock& lock_;
  const FileCalls& calls_;
  std::uint64_t skipped_, written_ = 0;
  std::string block_;
};

// Removes the octets written from `before` to `after`, unless a program without locking has also written.
Error taken_back(int file, off_t before, off_t after, const FileCalls& calls, Error error) {
  struct stat now{};
  const bool is_ours = ::fstat(file, &now) == 0 && now.st_size <= after;
  if (!is_ours || calls.ftruncate(file, before) != 0) error.message += " (and a part of the message stays in the mailbox)";
  return error;
}

Status append(int file, off_t size, const Mail& mail, const std::string& path, const MailboxLock& lock, const FileCalls& calls) {
  const auto end = look_at_end(file, size, mail);
  if (!end) return end.error();
  if (end->is_there) return calls.fsync(file) == 0 ? Status() : failed_to("sync", path);
  // Only a help for the next process if this one is killed.
  (void)lock.note(
      append_note(size + static_cast<off_t>(end->separator.size()) - static_cast<off_t>(end->begun), front_of(mail, Layout::mbox)));
  Appender appender(file, lock, calls, end->begun);
  const auto add = [&](std::string_view octets) { return appender.add(octets) ? Status() : failed_to("write", path); };
  Status status = end->separator.empty() || write_all(calls, file, end->separator) ? Status() : failed_to("write", path);
  if (status) status = write_stored(mail, Layout::mbox, add);
  if (status && !appender.flush()) status = failed_to("write", path);
  if (status && calls.fsync(file) != 0) status = failed_to("sync", path);
  if (status) return status;
  const off_t after = size + static_cast<off_t>(end->separator.size() + appender.written());
  return taken_back(file, size - static_cast<off_t>(end->begun), after, calls, status.error());
}

// The size of the mailbox, without an unfinished message of a killed process.
Result<off_t> size_of_whole(int file, const std::string& left_behind, const std::string& path, const FileCalls& calls) {
  struct stat now{};
  if (::fstat(file, &now) != 0) return failed_to("look at", path);
  const auto unfinished = left_unfinished(file, now.st_size, left_behind);
  if (!unfinished) return unfinished.error();
  if (!*unfinished) return now.st_size;
  if (calls.ftruncate(file, **unfinished) != 0) return failed_to("shorten", path);
  return **unfinished;
}

}  // namespace

Status append_to_mbox(const MboxPlace& place, const Mail& mail, const FileCalls& calls) {
  const std::string path = place.folder + "/" + place.name;
  const Descriptor folder(::open(place.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return failed_to("open", place.folder);
  // liblockfile starts a set-group-ID program for a folder that this process may not write to.
  if (::faccessat(folder.get(), ".", W_OK, 0) != 0) return failed_to("make a lock in", place.folder);
  for (int left = kTries; left > 0; --left) {
    auto opened = open_mailbox(folder.get(), place, path);
    if (!opened) return opened.error();
    const int file = opened->file.get();
    const auto lock = MailboxLock::take(file, path, place.patience);
    if (!lock) return lock.error();
    if (!is_still_there(folder.get(), place, file)) continue;
    const auto size = size_of_whole(file, lock->left_behind(), path, calls);
    if (!size) return size.error();
    if (Status status = append(file, *size, mail, path, *lock, calls); !status) return status;
    return opened->is_new ? sync_folder(calls, folder.get(), place.folder) : Status();
  }
  return Error::transient(path + " is replaced again and again");
}

}  // namespace mxpress::mta::mailstore
