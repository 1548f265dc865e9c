// Replays message files and journal.
#include "queue/replay.h"

#include <algorithm>

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kMaxSegment = 512u << 20;  // octets; no segment is written as large as this

class Replay {
 public:
  Replay(Disk& disk, const Paths& paths, std::uint64_t own_run) : disk_(disk), paths_(paths), own_run_(own_run) {}

  Status read_message_files() {
    const auto folders = disk_.list(paths_.messages());
    if (!folders) return folders.error();
    for (const auto& folder : *folders) {
      if (folder.kind != FolderEntry::Kind::folder) continue;
      const auto names = disk_.list(paths_.messages() / folder.name);
      if (!names) return names.error();
      for (const auto& name : *names) read_file_named(folder.name, name);
    }
    return {};
  }

  // Whether a segment was synced to its end is told by the next one; so each is replayed when that has been read.
  Status read_segments(const std::vector<std::uint32_t>& numbers) {
    std::optional<Segment> waiting;
    for (const auto number : numbers) {
      auto segment = read_segment(number);
      if (!segment) return segment.error();
      if (waiting) {
        limit_by_next(*waiting, *segment);
        replay_segment(*waiting);
      }
      waiting = std::move(*segment);
    }
    if (waiting) replay_segment(*waiting);
    return {};
  }

  Replayed finish() {
    for (auto& [id, entry] : out_.index.entries) settle_entry(id, entry);
    for (const auto id : gone_) out_.index.entries.erase(id);
    std::sort(out_.index.ended.begin(), out_.index.ended.end(),
              [this](QueueId a, QueueId b) { return out_.index.find(a)->more->ended_at < out_.index.find(b)->more->ended_at; });
    return std::move(out_);
  }

 private:
  struct Segment {
    std::uint32_t number = 0;
    std::string bytes;
    SegmentScan scan;
    SegmentInfo info;
  };

  void read_file_named(const std::string& folder, const FolderEntry& name) {
    const auto id = QueueId::parse(name.name);
    if (name.kind != FolderEntry::Kind::file || !id || paths_.folder(*id).filename() != folder || id->to_string() != name.name) {
      out_.findings.push_back("foreign file " + (paths_.messages() / folder / name.name).string() + " is left alone");
      return;
    }
    if (run_of(*id) != own_run_) add_file(*id, paths_.file(*id));
  }

  void add_file(QueueId id, const Path& path) {
    auto file = read_message_file(disk_, path, id);
    if (!file) {
      out_.findings.push_back(file.error().message);
      if (!file.error().is_transient()) out_.damaged.push_back(id);
      return;
    }
    auto& entry = out_.index.entries[id];
    entry.stages.of.assign(file->meta.envelope.recipients.size(), '\0');
    for (const auto& [sequence, change] : file->changes) {
      entry.stages.apply(change);
      entry.sequence = std::max(entry.sequence, sequence);
    }
    for (const auto& damage : file->damages) note(id, file->file, damage);
    remember_drop(file->meta, id);
  }

  void note(QueueId id, const std::shared_ptr<File>& file, const MessageFile::Damage& damage) {
    out_.regions.push_back({id.to_string(), file, damage.begin, damage.end});
    out_.findings.push_back("damage of " + std::to_string(damage.end - damage.begin) + " octets in " + paths_.file(id).string() + " at " +
                            std::to_string(damage.begin) + ": a part of what was tried for this message is forgotten");
  }

  void remember_drop(const Accepted& meta, QueueId id) {
    if (!meta.drop_name.empty()) out_.index.drops[meta.drop_name] = id;
  }

  Result<Segment> read_segment(std::uint32_t number) {
    const auto path = segment_path(paths_.journal(), number);
    auto file = disk_.open(path, Open::read);
    if (!file) return file.error();
    const auto size = (*file)->size();
    if (!size) return size.error();
    if (*size > kMaxSegment) {
      out_.findings.push_back(path.string() + " is larger than any journal segment, and is left alone");
      return Segment{.number = number, .bytes = {}, .scan = {}, .info = {}};
    }
    auto bytes = read_exactly(**file, 0, *size);
    if (!bytes) return bytes.error();
    Segment segment{number, std::move(*bytes), {}, {}};
    segment.scan = scan_segment(segment.bytes);
    read_info(segment);
    out_.index.segments[number] = {std::move(*file), *size};
    return segment;
  }

  void read_info(Segment& segment) {
    if (segment.scan.records.empty() || segment.scan.records.front().type != RecordType::segment) return;
    if (auto info = decode_segment(meta_of(segment, segment.scan.records.front()))) segment.info = *info;
  }

  static void limit_by_next(Segment& segment, const Segment& next) {
    if (next.info.run != 0 && next.info.run == segment.info.run && next.info.previous_segment == segment.number)
      limit_scan(segment.scan, next.info.previous_end);
  }

  static std::string_view meta_of(const Segment& segment, const RecordHeader& record) {
    return std::string_view(segment.bytes).substr(record.meta_offset(), record.meta_size);
  }

  void replay_segment(const Segment& segment) {
    for (const auto& damage : segment.scan.damages) note(segment.number, damage);
    for (const auto& record : segment.scan.records) replay_record(segment, record);
  }

  void note(std::uint32_t number, const SegmentScan::Damage& damage) {
    const auto octets = std::to_string(damage.end - damage.begin);
    const auto where = segment_path(paths_.journal(), number).string() + " at " + std::to_string(damage.begin);
    if (damage.acknowledged) {
      out_.regions.push_back({std::to_string(number), out_.index.segments.at(number).file, damage.begin, damage.end});
      out_.findings.push_back("damage of " + octets + " octets in " + where);
    } else {
      out_.findings.push_back("unfinished write of " + octets + " octets in " + where + " is ignored");
    }
  }

  void replay_record(const Segment& segment, const RecordHeader& record) {
    const Location where{segment.number, static_cast<std::uint32_t>(record.offset / 8)};
    const auto meta = meta_of(segment, record);
    const QueueId id{record.id};
    switch (record.type) {
      case RecordType::segment:
        return;
      case RecordType::accepted:
      case RecordType::accepted_file:
        return replay_accepted(id, record.type, meta, where);
      case RecordType::attempt:
      case RecordType::action:
      case RecordType::told:
        return replay_change(id, record, meta, where);
      case RecordType::site:
        return replay_site(meta, where);
      case RecordType::ended:
        return replay_ended(id, meta);
    }
  }

  void replay_accepted(QueueId id, RecordType type, std::string_view meta, Location where) {
    const auto accepted = decode_accepted(meta);
    if (!accepted) return lose(id, accepted.error().message);
    if (!out_.index.find(id) && type == RecordType::accepted) {
      auto& entry = out_.index.entries[id];
      entry.accepted = where;
      entry.stages.of.assign(accepted->envelope.recipients.size(), '\0');
      out_.index.segments[where.segment].touched.push_back(id);
      remember_drop(*accepted, id);
    } else if (!out_.index.find(id)) {
      find_large(id, *accepted);
    }
    for (const auto& notice : accepted->notice_for) replay_notice(notice, where);
  }

  void find_large(QueueId id, const Accepted& accepted) {
    const auto there = disk_.exists(paths_.large(id));
    if (there && *there) {
      add_file(id, paths_.large(id));
      out_.misplaced.push_back(id);
      return;
    }
    // Ended and removed, if the records that follow say so.
    auto& entry = out_.index.entries[id];
    entry.stages.of.assign(accepted.envelope.recipients.size(), '\0');
    missing_.insert(id);
    remember_drop(accepted, id);
  }

  void replay_notice(const NewMessage::NoticeFor& notice, Location where) {
    auto* entry = out_.index.find(notice.message);
    if (!entry) return;
    entry->stages.apply(Told{notice.recipients, notice.kind, {}});
    out_.index.add_later(notice.message, *entry, where);
  }

  void replay_change(QueueId id, const RecordHeader& record, std::string_view meta, Location where) {
    auto* entry = out_.index.find(id);
    if (!entry || record.sequence <= entry->sequence) return;
    const auto change = decode_change(record.type, id, meta);
    if (!change) {
      out_.findings.push_back(id.to_string() + ": " + change.error().message);
      return;
    }
    entry->sequence = record.sequence;
    entry->stages.apply(*change);
    out_.index.add_later(id, *entry, where);
  }

  void replay_site(std::string_view meta, Location where) {
    auto site = decode_site(meta);
    if (!site) return out_.findings.push_back(site.error().message);
    const auto name = site->site;
    if (site->failures == 0)
      out_.index.sites.erase(name);
    else
      out_.index.sites[name] = {std::move(*site), where.segment};
  }

  void replay_ended(QueueId id, std::string_view meta) {
    auto* entry = out_.index.find(id);
    if (const auto time = decode_ended(meta); entry && time) entry->history().ended_at = *time;
  }

  void lose(QueueId id, const std::string& why) {
    out_.findings.push_back(id.to_string() + " is lost: " + why);
    ++out_.losses;
  }

  void settle_entry(QueueId id, Entry& entry) {
    const bool finished = entry.stages.finished();
    const bool missing = missing_.contains(id);
    if (missing && !finished) lose(id, "its message file is gone");
    if (!finished && !missing) return;
    if (finished && !missing && entry.accepted.segment == 0) out_.finished.push_back(id);
    if (entry.accepted.segment == 0)
      gone_.push_back(id);
    else
      out_.index.end(id, entry, entry.history().ended_at);
  }

  Disk& disk_;
  const Paths& paths_;
  std::uint64_t own_run_;
  Replayed out_;
  std::unordered_set<QueueId> missing_;
  std::vector<QueueId> gone_;
};

}  // namespace

Result<std::vector<std::uint32_t>> list_segments(Disk& disk, const Paths& paths) {
  const auto names = disk.list(paths.journal());
  if (!names) return names.error();
  std::vector<std::uint32_t> out;
  for (const auto& entry : *names)
    if (const auto number = segment_number(entry.name); number && entry.kind == FolderEntry::Kind::file) out.push_back(*number);
  std::sort(out.begin(), out.end());
  return out;
}

Result<Replayed> replay(Disk& disk, const Paths& paths, const std::vector<std::uint32_t>& segments, std::uint64_t own_run) {
  Replay replay(disk, paths, own_run);
  if (auto s = replay.read_message_files(); !s) return s.error();
  if (auto s = replay.read_segments(segments); !s) return s.error();
  return replay.finish();
}

}  // namespace mxpress::queue
