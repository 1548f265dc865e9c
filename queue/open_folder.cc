// Opens the directory of a spool: format, lock, and the number of this start, from which message ids are made.
#include "queue/open_folder.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "queue/replay.h"
#include "queue/small_file.h"

namespace mxpress::queue {
namespace {

constexpr std::string_view kFormat = "mxpress spool 1\n";
constexpr std::string_view kFormatName = "mxpress spool ";
constexpr std::uint64_t kMaxStart = (1u << 24) - 1;  // 24 bits of an id

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() || std::string_view(end, text.data() + text.size()) != "\n") return std::nullopt;
  return number;
}

// True: there is a spool of our format. An error for a newer one, or for something else.
Result<bool> check_format(Disk& disk, const Paths& paths) {
  const auto text = read_small_file(disk, paths.root / "format");
  if (!text) return text.error();
  if (!*text) return false;
  if (**text == kFormat) return true;
  const auto version = (*text)->starts_with(kFormatName) ? parse_number((*text)->substr(kFormatName.size())) : std::nullopt;
  if (!version) return Error::permanent(paths.root.string() + " is not a spool of mxpress: its file `format` says something else");
  return Error::permanent("the spool " + paths.root.string() + " has format " + std::to_string(*version) +
                          ", this mxpress knows format 1 only: it was written by a newer version");
}

Status make_folders(Disk& disk, const Paths& paths) {
  for (const auto& folder : {paths.root, paths.journal(), paths.messages(), paths.incoming(), paths.corrupt()})
    if (auto s = disk.make_folder(folder); !s) return s;
  if (auto s = disk.sync_folder(paths.root); !s) return s;
  const auto parent = paths.root.parent_path();
  return parent.empty() ? Status() : disk.sync_folder(parent);
}

std::string holder(const File& lock) {
  const auto text = read_whole(lock, 64);
  const auto pid = text ? parse_number(*text) : std::nullopt;
  return pid ? "process " + std::to_string(*pid) : std::string("another process");
}

Result<std::shared_ptr<File>> take_lock(Disk& disk, const Paths& paths, Lock kind) {
  auto lock = disk.open(paths.root / "lock", Open::open_or_create);
  if (!lock) return lock.error();
  const auto taken = (*lock)->try_lock(kind);
  if (!taken) return taken.error();
  if (!*taken) return Error::transient("the spool " + paths.root.string() + " is in use by " + holder(**lock));
  return std::move(*lock);
}

// The highest number of a start that any name or record tells; when the counter is lost.
Result<std::uint64_t> highest_start(Disk& disk, const Paths& paths, const std::vector<std::uint32_t>& segments) {
  const auto found = replay(disk, paths, segments, 0);
  if (!found) return found.error();
  std::uint64_t highest = 0;
  for (const auto& [id, entry] : found->index.entries) highest = std::max(highest, run_of(id));
  for (const auto id : found->finished) highest = std::max(highest, run_of(id));
  for (const auto id : found->damaged) highest = std::max(highest, run_of(id));
  // Each start that wrote anything made a segment.
  return std::max<std::uint64_t>(highest, segments.empty() ? 0 : segments.back());
}

Result<std::uint64_t> next_start(Disk& disk, const Paths& paths, const std::vector<std::uint32_t>& segments) {
  const auto text = read_small_file(disk, paths.root / "start");
  if (!text) return text.error();
  auto last = *text ? parse_number(**text) : std::nullopt;
  if (!last) {
    const auto highest = highest_start(disk, paths, segments);
    if (!highest) return highest.error();
    last = *highest;
  }
  if (*last >= kMaxStart) return Error::permanent("the spool " + paths.root.string() + " was started more often than ids allow");
  if (auto s = replace_small_file(disk, paths.root / "start", std::to_string(*last + 1) + "\n"); !s) return s.error();
  return *last + 1;
}

}  // namespace

Result<OpenedFolder> open_folder(Disk& disk, const Paths& paths) {
  if (const auto known = check_format(disk, paths); !known) return known.error();
  if (auto s = make_folders(disk, paths); !s) return s.error();
  auto lock = take_lock(disk, paths, Lock::exclusive);
  if (!lock) return lock.error();
  const std::string pid = std::to_string(::getpid()) + "\n";
  (void)(*lock)->truncate(0);  // only for the message above
  (void)(*lock)->write_at(0, {pid});
  const auto known = check_format(disk, paths);  // again: now nobody else can be making it
  if (!known) return known.error();
  if (!*known)
    if (auto s = replace_small_file(disk, paths.root / "format", kFormat); !s) return s.error();
  auto segments = list_segments(disk, paths);
  if (!segments) return segments.error();
  const auto start = next_start(disk, paths, *segments);
  if (!start) return start.error();
  return OpenedFolder{std::move(*lock), *start, std::move(*segments)};
}

Result<std::shared_ptr<File>> lock_for_reading(Disk& disk, const Paths& paths) {
  const auto known = check_format(disk, paths);
  if (!known) return known.error();
  if (!*known) return Error::permanent("there is no spool in " + paths.root.string());
  auto lock = disk.open(paths.root / "lock", Open::read);
  if (!lock) return lock.error();
  const auto taken = (*lock)->try_lock(Lock::shared);
  if (!taken) return taken.error();
  if (!*taken) return Error::transient("the spool " + paths.root.string() + " is in use by " + holder(**lock));
  return std::move(*lock);
}

}  // namespace mxpress::queue
