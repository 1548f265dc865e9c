// Reports damage in a spool, and repairs it.
#include "queue/fsck.h"

#include <algorithm>

#include "proto/printable.h"
#include "queue/open_folder.h"
#include "queue/quarantine.h"
#include "queue/segment_scan.h"
#include "queue/stepped_spool.h"
#include "queue/survey.h"

namespace mxpress::queue {
namespace {

using Kind = FsckFinding::Kind;
using Remedy = Problem::Remedy;

constexpr int kRounds = 5;  // a repair may reveal further damage behind it
constexpr std::uint64_t kMendSegment = 256 * 1024;

FsckReport to_report(Survey survey) {
  FsckReport out = std::move(survey.counts);
  for (auto& problem : survey.problems)
    out.findings.push_back({problem.remedy == Remedy::none ? Kind::note : Kind::damage, std::move(problem.text)});
  return out;
}

class Mender {
 public:
  Mender(Disk& disk, const Paths& paths) : disk_(disk), paths_(paths) {}

  Result<FsckReport> run() {
    if (auto s = take_lock(); !s) return s.error();
    if (auto s = repair_files(); !s) return s.error();
    if (journal_is_damaged_) {
      if (auto s = keep_journal_damage(); !s) return s.error();
      lock_.reset();
      empty_journal();
      if (auto s = take_lock(); !s) return s.error();
    }
    auto left = survey(disk_, paths_);
    if (!left) return left.error();
    tell_of_journal(*left);
    for (const auto& problem : left->problems)
      findings_.push_back({problem.remedy == Remedy::none ? Kind::note : Kind::unrepaired, problem.text});
    FsckReport out = std::move(left->counts);
    out.findings = std::move(findings_);
    return out;
  }

 private:
  Status repair_files() {
    for (int round = 0; round < kRounds; ++round) {
      const auto found = survey(disk_, paths_);
      if (!found) return found.error();
      journal_is_damaged_ = false;
      bool did_something = false;
      for (const auto& problem : found->problems) did_something = apply(problem) || did_something;
      if (!did_something) return {};
    }
    return {};
  }

  // If the name of the lock is not a regular file, nobody can hold the lock.
  Status take_lock() {
    const auto path = paths_.root / "lock";
    const auto entries = disk_.list(paths_.root);
    if (!entries) return entries.error();
    for (const auto& entry : *entries)
      if (entry.name == path.filename().string() && entry.kind != FolderEntry::Kind::file)
        set_aside({Remedy::set_aside, path, path.string() + " is no file; without it mxpressd does not start"});
    auto lock = lock_for_repair(disk_, paths_);
    if (!lock) return lock.error();
    lock_ = std::move(*lock);
    return {};
  }

  // True if it did something.
  bool apply(const Problem& problem) {
    switch (problem.remedy) {
      case Remedy::none:
      case Remedy::wait:
        return false;
      case Remedy::empty_journal:
        journal_is_damaged_ = true;
        return false;
      case Remedy::set_aside:
        return set_aside(problem);
      case Remedy::make_folder:
        return told(problem, make_folder(problem.path), "was made again");
      case Remedy::move:
        return told(problem, move(problem), "was moved to " + problem.target.string());
      case Remedy::rewrite:
        return told(problem, rewrite(problem.id), "was rewritten without it");
    }
    return false;
  }

  bool told(const Problem& problem, const Status& status, const std::string& done) {
    const auto name = proto::printable(problem.path.string(), 500);
    if (status) findings_.push_back({Kind::repaired, name + " " + done + ": it " + problem.text.substr(name.size() + 1)});
    return status.ok();
  }

  bool set_aside(const Problem& problem) {
    if (const auto there = disk_.exists(problem.path); !there || !*there) return repair_missing(problem);
    if (auto s = make_quarantine(); !s) return false;
    const auto to = move_to_corrupt(disk_, paths_, problem.path, problem.path.filename().string());
    const auto place = to ? proto::printable(to->string(), 500) : std::string();
    (void)told(problem, to ? Status() : Status(to.error()), "was set aside as " + place);
    return to.ok() && (problem.path != paths_.root / "format" || write_format(disk_, paths_).ok());
  }

  bool repair_missing(const Problem& problem) {
    if (problem.path != paths_.root / "format") return false;
    return told(problem, write_format(disk_, paths_), "was rewritten");
  }

  Status make_folder(const Path& path) {
    if (auto s = disk_.make_folder(path); !s) return s;
    return disk_.sync_folder(path.parent_path());
  }

  Status make_quarantine() {
    const auto path = paths_.corrupt();
    const auto entries = disk_.list(paths_.root);
    if (!entries) return entries.error();
    for (const auto& entry : *entries)
      if (entry.name == path.filename().string() && entry.kind != FolderEntry::Kind::folder) return move_away(path);
    return make_folder(path);
  }

  // For something that occupies the place of the quarantine itself.
  Status move_away(const Path& path) {
    for (int number = 2; number < 100; ++number) {
      const Path to = path.string() + "." + std::to_string(number);
      const auto there = disk_.exists(to);
      if (!there) return there.error();
      if (*there) continue;
      if (auto s = disk_.rename(path, to); !s) return s;
      if (auto s = disk_.make_folder(path); !s) return s;
      findings_.push_back({Kind::repaired, path.string() + " was no folder; it was renamed to " + to.string()});
      return disk_.sync_folder(paths_.root);
    }
    return Error::transient("no room for " + path.string());
  }

  Status move(const Problem& problem) {
    if (auto s = make_folder(problem.target.parent_path()); !s) return s;
    if (auto s = disk_.rename(problem.path, problem.target); !s) return s;
    if (auto s = disk_.sync_folder(problem.target.parent_path()); !s) return s;
    return disk_.sync_folder(problem.path.parent_path());
  }

  Status rewrite(QueueId id) {
    const auto path = paths_.file(id);
    const auto old = read_message_file(disk_, path, id);
    if (!old) return old.error();
    if (auto s = make_quarantine(); !s) return s;
    for (const auto& region : old->damages)
      if (auto s =
              copy_to_corrupt(disk_, paths_, id.to_string() + "-" + std::to_string(region.begin), *old->file, region.begin, region.end);
          !s)
        return s;
    if (auto s = write(id, *old, path); !s) return s;
    return disk_.sync_folder(path.parent_path());
  }

  Status write(QueueId id, const MessageFile& old, const Path& path) {
    const auto fresh = fresh_part();
    if (!fresh) return fresh.error();
    auto writer = MessageFileWriter::create(disk_, paths_, fresh->filename().string(), old.accepted.salt + 1);
    if (!writer) return writer.error();
    if (auto s = (*writer)->append(*file_content(old.file, old.accepted)); !s) return s;
    (*writer)->keep_crc(old.accepted.content_crc);  // a copy of damaged content must not look sound
    if (auto s = (*writer)->finish(id, encode(old.meta), old.changes); !s) return s;
    return (*writer)->publish(path);
  }

  // Keeps even content that was never acknowledged: half a message may be of use.
  Status keep_journal_damage() {
    const auto list = list_segments(disk_, paths_);
    if (!list) return list.error();
    if (auto s = make_quarantine(); !s) return s;
    for (const auto& segment : list->files) {
      const auto path = segment_path(paths_.journal(), segment.name);
      const auto read = read_segment(disk_, path);
      if (!read) return read.error();
      if (read->unreadable != 0)
        if (auto s = replace_segment(path, *read); !s) return s;
      for (const auto& region : scan_segment(read->bytes).damages) {
        const auto name = std::to_string(segment.name) + "-" + std::to_string(region.begin);
        if (auto s = copy_to_corrupt(disk_, paths_, name, *read->file, region.begin, region.end); !s) return s;
      }
    }
    return {};
  }

  // Replaces the segment by a copy with zeros for unreadable octets; the original is kept.
  Status replace_segment(const Path& path, const SegmentBytes& read) {
    if (auto s = copy_to_corrupt(disk_, paths_, path.filename().string(), *read.file, 0, read.bytes.size()); !s) return s;
    const auto fresh = fresh_part();
    if (!fresh) return fresh.error();
    auto file = disk_.open(*fresh, Open::create);
    if (!file) return file.error();
    if (auto s = (*file)->write_at(0, {read.bytes}); !s) return s;
    if (auto s = (*file)->sync(); !s) return s;
    if (auto s = disk_.rename(*fresh, path); !s) return s;
    if (auto s = disk_.sync_folder(paths_.journal()); !s) return s;
    return disk_.sync_folder(paths_.incoming());
  }

  // A free name for an incomplete file.
  Result<Path> fresh_part() {
    const Path path = paths_.incoming() / "0-1.part";  // no start has this number
    if (auto s = disk_.make_folder(paths_.incoming()); !s) return s.error();
    const auto left = disk_.exists(path);
    if (!left) return left.error();
    if (*left)
      if (auto s = disk_.remove(path); !s) return s.error();
    return path;
  }

  // Moves all messages into message files by the code that recovers and shortens a journal, which all tests of lost disks cover.
  void empty_journal() {
    SpoolOptions options;
    options.directory = paths_.root;
    options.segment_size = kMendSegment;
    options.journal_size = 0;
    options.reserve_bytes = options.reserve_inodes = 0;
    options.report = [this](const std::string& what) { findings_.push_back({Kind::note, proto::printable(what, 2000)}); };
    auto spool = SteppedSpool::open(disk_, std::move(options));
    auto status = spool ? (*spool)->recover([](const Message&) {}, [](const SiteRecord&) {}) : Status(spool.error());
    if (!status) return findings_.push_back({Kind::unrepaired, status.error().message});
    (*spool)->checkpoint();
  }

  // Only if no segment has damage any more.
  void tell_of_journal(const Survey& left) {
    const bool is_left = std::any_of(left.problems.begin(), left.problems.end(),
                                     [](const Problem& problem) { return problem.remedy == Remedy::empty_journal; });
    if (journal_is_damaged_ && !is_left)
      findings_.push_back({Kind::repaired, "what is whole in the journal was moved to files of its own, what is damaged is kept in " +
                                               paths_.corrupt().string()});
  }

  Disk& disk_;
  const Paths& paths_;
  std::shared_ptr<File> lock_;
  bool journal_is_damaged_ = false;
  std::vector<FsckFinding> findings_;
};

}  // namespace

std::uint64_t FsckReport::count(FsckFinding::Kind kind) const {
  return static_cast<std::uint64_t>(
      std::count_if(findings.begin(), findings.end(), [kind](const FsckFinding& finding) { return finding.kind == kind; }));
}

Result<FsckReport> examine(Disk& disk, const Path& directory) {
  const Paths paths{directory};
  const auto lock = lock_for_examining(disk, paths);
  if (!lock) return lock.error();
  auto found = survey(disk, paths);
  if (!found) return found.error();
  return to_report(std::move(*found));
}

Result<FsckReport> repair(Disk& disk, const Path& directory) {
  const Paths paths{directory};
  // Reports first if a daemon has the spool, or if there is none.
  if (const auto lock = lock_for_examining(disk, paths); !lock) return lock.error();
  return Mender(disk, paths).run();
}

}  // namespace mxpress::queue
