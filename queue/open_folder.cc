// Opens the directory of a spool: format, lock, and the number of this start, from which message ids are made.
#include "queue/open_folder.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "queue/index.h"
#include "queue/replay.h"
#include "queue/small_file.h"

namespace mxpress::queue {
namespace {

constexpr std::string_view kFormat = "mxpress spool 1\n";
constexpr std::string_view kFormatName = "mxpress spool ";
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kMaxStart = (1u << 24) - 1;  // 24 bits of an id

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() || std::string_view(end, text.data() + text.size()) != "\n") return std::nullopt;
  return number;
}

// The version in a file `format`, if it is newer than ours.
std::optional<std::uint64_t> newer_version(std::string_view text) {
  const auto version = text.starts_with(kFormatName) ? parse_number(text.substr(kFormatName.size())) : std::nullopt;
  return version && *version > kVersion ? version : std::nullopt;
}

Error too_new(const Paths& paths, std::uint64_t version) {
  return Error::permanent("the spool " + paths.root.string() + " has format " + std::to_string(version) +
                          ", this mxpress knows format 1 only: it was written by a newer version");
}

// True: there is a spool of our format. Error: a newer format, or something else.
Result<bool> check_format(Disk& disk, const Paths& paths) {
  const auto text = read_small_file(disk, paths.root / "format");
  if (!text) return text.error();
  if (!*text) return false;
  if (**text == kFormat) return true;
  if (const auto version = newer_version(**text)) return too_new(paths, *version);
  return Error::permanent(paths.root.string() + " is not a spool of mxpress: its file `format` says something else");
}

Status make_folders(Disk& disk, const Paths& paths) {
  const auto there = disk.exists(paths.root);  // the spool itself may be a symbolic link, its contents may not
  if (!there) return there.error();
  if (!*there)
    if (auto s = disk.make_folder(paths.root); !s) return s;
  for (const auto& folder : {paths.journal(), paths.messages(), paths.incoming(), paths.corrupt()})
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

Result<std::shared_ptr<File>> take_lock(Disk& disk, const Paths& paths, Lock kind, Open mode) {
  auto lock = disk.open(paths.root / "lock", mode);
  if (!lock) return lock.error();
  const auto taken = (*lock)->try_lock(kind);
  if (!taken) return taken.error();
  if (!*taken) return Error::transient("the spool " + paths.root.string() + " is in use by " + holder(**lock));
  return std::move(*lock);
}

// The highest start number in any name or record, for when the counter is lost.
Result<std::uint64_t> highest_start(Disk& disk, const Paths& paths, const SegmentList& segments) {
  const auto found = replay(disk, paths, segments, 0);
  if (!found) return found.error();
  std::uint64_t highest = segments.highest;  // each start that wrote anything created a segment
  found->index->entries.for_each([&](QueueId id, const Entry&) { highest = std::max(highest, run_of(id)); });
  for (const auto id : found->finished) highest = std::max(highest, run_of(id));
  for (const auto& file : found->damaged) highest = std::max(highest, run_of(file.id));
  for (const auto& file : segments.files) highest = std::max(highest, file.info.run);
  return std::min(highest, kMaxStart - 1);
}

// A number that is read too low would give ids that exist already.
std::optional<std::uint64_t> parse_start(std::string_view text) {
  const auto number = without_checksum(text);
  return number ? parse_number(*number + "\n") : std::nullopt;
}

Result<std::uint64_t> next_start(Disk& disk, const Paths& paths, const SegmentList& segments) {
  const auto text = read_small_file(disk, paths.root / "start");
  if (!text) return text.error();
  auto last = *text ? parse_start(**text) : std::nullopt;
  if (!last) {
    const auto highest = highest_start(disk, paths, segments);
    if (!highest) return highest.error();
    const auto unchecked = *text ? parse_number(**text) : std::nullopt;  // as earlier versions wrote it
    last = std::max(*highest, unchecked && *unchecked < kMaxStart ? *unchecked : 0);
  }
  if (*last >= kMaxStart) return Error::permanent("the spool " + paths.root.string() + " was started more often than ids allow");
  if (auto s = replace_small_file(disk, paths.root / "start", with_checksum(std::to_string(*last + 1))); !s) return s.error();
  return *last + 1;
}

Result<std::uint32_t> next_segment(const Paths& paths, const SegmentList& segments) {
  if (is_segment_number_usable(segments.highest)) return segments.highest + 1;
  return Error::permanent(segment_path(paths.journal(), segments.highest).string() +
                          " leaves no number for the next segment; if it is not of mxpress, move it elsewhere");
}

}  // namespace

Result<OpenedFolder> open_folder(Disk& disk, const Paths& paths) {
  if (const auto known = check_format(disk, paths); !known) return known.error();
  if (auto s = make_folders(disk, paths); !s) return s.error();
  auto lock = take_lock(disk, paths, Lock::exclusive, Open::open_or_create);
  if (!lock) return lock.error();
  const std::string pid = std::to_string(::getpid()) + "\n";
  (void)(*lock)->truncate(0);  // the file's text is only for the message above
  (void)(*lock)->write_at(0, {pid});
  const auto known = check_format(disk, paths);  // again: now nobody else can be creating it
  if (!known) return known.error();
  if (!*known)
    if (auto s = replace_small_file(disk, paths.root / "format", kFormat); !s) return s.error();
  auto segments = list_segments(disk, paths);
  if (!segments) return segments.error();
  const auto segment = next_segment(paths, *segments);
  if (!segment) return segment.error();
  const auto start = next_start(disk, paths, *segments);
  if (!start) return start.error();
  return OpenedFolder{std::move(*lock), *start, std::move(*segments), *segment};
}

Result<std::shared_ptr<File>> lock_for_reading(Disk& disk, const Paths& paths) {
  const auto known = check_format(disk, paths);
  if (!known) return known.error();
  if (!*known) return Error::permanent("there is no spool in " + paths.root.string());
  return take_lock(disk, paths, Lock::shared, Open::read);
}

Result<std::shared_ptr<File>> lock_for_examining(Disk& disk, const Paths& paths) {
  const auto format = read_small_file(disk, paths.root / "format");
  if (const auto newer = format && *format ? newer_version(**format) : std::nullopt) return too_new(paths, *newer);
  const auto has_journal = disk.exists(paths.journal());
  if (!has_journal) return has_journal.error();
  const auto has_messages = disk.exists(paths.messages());
  if (!has_messages) return has_messages.error();
  if (!*has_journal && !*has_messages) return Error::permanent("there is no spool in " + paths.root.string());
  const auto entries = disk.list(paths.root);
  if (!entries) return entries.error();
  for (const auto& entry : *entries)
    if (entry.name == "lock" && entry.kind == FolderEntry::Kind::file) return take_lock(disk, paths, Lock::shared, Open::read);
  return std::shared_ptr<File>();
}

Result<std::shared_ptr<File>> lock_for_repair(Disk& disk, const Paths& paths) {
  return take_lock(disk, paths, Lock::exclusive, Open::open_or_create);
}

bool format_is_right(Disk& disk, const Paths& paths) {
  const auto known = check_format(disk, paths);
  return known && *known;
}

Status write_format(Disk& disk, const Paths& paths) { return replace_small_file(disk, paths.root / "format", kFormat); }

std::vector<Path> wrong_numbers(Disk& disk, const Paths& paths) {
  std::vector<Path> out;
  for (const char* name : {"start", "age"}) {
    const auto text = read_small_file(disk, paths.root / name);
    if (text && (!*text || without_checksum(**text))) continue;
    if (text && std::string_view(name) == "start" && parse_number(**text)) continue;  // as earlier versions wrote it
    out.push_back(paths.root / name);
  }
  return out;
}

bool is_segment_number_usable(std::uint32_t number) {
  return number < std::numeric_limits<std::uint32_t>::max() - 1'000'000;  // each start needs a few
}

}  // namespace mxpress::queue
