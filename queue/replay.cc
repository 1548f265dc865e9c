// Replays message files and journal.
#include "queue/replay.h"

#include <algorithm>
#include <unordered_set>

#include "proto/printable.h"
#include "queue/index.h"
#include "queue/message_file.h"
#include "queue/remains.h"
#include "queue/segment_file.h"
#include "queue/segment_scan.h"
#include "queue/sites.h"

namespace mxpress::queue {
namespace {

class Replay {
 public:
  Replay(Disk& disk, const Paths& paths, const SegmentList& list, std::uint64_t own_run, std::function<bool()> given_up)
      : disk_(disk), paths_(paths), list_(list), own_run_(own_run), given_up_(std::move(given_up)) {
    out_.findings = list.findings;
  }

  Status read_message_files() {
    const auto folders = disk_.list(paths_.messages());
    if (!folders) return folders.error();
    for (const auto& folder : *folders) {
      if (given_up_()) return Error::transient(kRecoveryGivenUp);
      if (folder.kind != FolderEntry::Kind::folder) {
        leave_alone(paths_.messages() / folder.name);
        continue;
      }
      if (const auto names = disk_.list(paths_.messages() / folder.name))
        for (const auto& name : *names) read_file_named(folder.name, name);
      else
        leave_unread("the messages in " + (paths_.messages() / folder.name).string() + " cannot be read: " + names.error().message);
    }
    return {};
  }

  Status read_segments() {
    for (const auto& file : list_.files) {
      if (given_up_()) return Error::transient(kRecoveryGivenUp);
      auto segment = read(file);
      if (!segment) return segment.error();
      replay_segment(*segment);
    }
    return {};
  }

  Replayed finish() {
    out_.index->entries.for_each([this](QueueId id, Entry& entry) { settle_entry(id, entry); });
    for (const auto id : gone_) out_.index->erase(id);
    std::sort(ended_.begin(), ended_.end());
    for (const auto& [when, id] : ended_) out_.index->end(id, *out_.index->find(id), when);
    return std::move(out_);
  }

 private:
  struct Segment {
    std::uint32_t name = 0;
    std::string bytes;
    SegmentScan scan;
  };

  void note(std::string text) { out_.findings.push_back({Finding::Kind::note, std::move(text)}); }
  void damage(std::string text) { out_.findings.push_back({Finding::Kind::damage, std::move(text)}); }
  void leave_unread(std::string text) {
    damage(std::move(text));
    ++out_.unread;
  }
  void leave_alone(const Path& path) { note("foreign file " + proto::printable(path.string(), 500) + " is left alone"); }

  void read_file_named(const std::string& folder, const FolderEntry& name) {
    const auto path = paths_.messages() / folder / name.name;
    const auto id = QueueId::parse(name.name);
    if (!id || paths_.file(*id) != path) {
      const auto inside = name.kind == FolderEntry::Kind::file ? id_inside(disk_, path) : std::nullopt;
      return inside ? leave_misplaced(path, *inside) : leave_alone(path);
    }
    if (name.kind != FolderEntry::Kind::file)
      return damage(paths_.file(*id).string() + " is no file, and is left alone; if there was a message in its place, that is lost");
    if (run_of(*id) != own_run_) (void)add_file(*id, paths_.file(*id));
  }

  // The file is intact, but has a wrong name: its records in the journal must stay until it is back in its place.
  void leave_misplaced(const Path& path, QueueId id) {
    misplaced_.insert(id);
    leave_unread(proto::printable(path.string(), 500) + " holds message " + id.to_string() +
                 ", which has another place; mxpress fsck --repair moves it there");
  }

  // Returns false if it is damaged.
  bool add_file(QueueId id, const Path& path) {
    auto file = read_message_file(disk_, path, id);
    if (!file && !file.error().is_transient()) {
      if (const auto inside = id_inside(disk_, path); inside && *inside != id) return leave_misplaced(path, *inside), true;
    }
    if (!file) {
      const bool is_transient = file.error().is_transient();
      if (is_transient) {
        leave_unread(file.error().message);
      } else {
        damage(file.error().message);
        out_.damaged.push_back({id, path});
      }
      return is_transient;
    }
    auto& entry = out_.index->add(id, file->meta.envelope);
    for (const auto& [sequence, change] : file->changes) {
      entry.stages().apply(change);
      entry.sequence = std::max(entry.sequence, sequence);
    }
    for (const auto& region : file->damages) note(id, file->file, region);
    remember_drop(file->meta, id);
    return true;
  }

  void note(QueueId id, const std::shared_ptr<File>& file, const MessageFile::Damage& region) {
    out_.regions.push_back({id.to_string(), file, region.begin, region.end});
    damage("damage of " + std::to_string(region.end - region.begin) + " octets in " + paths_.file(id).string() + " at " +
           std::to_string(region.begin) + ": a part of what was tried for this message is forgotten");
  }

  void remember_drop(const Accepted& meta, QueueId id) {
    if (!meta.drop_name.empty()) out_.index->drops[meta.drop_name] = id;
  }

  Result<Segment> read(const SegmentFile& file) {
    const auto path = segment_path(paths_.journal(), file.name);
    auto read = read_segment(disk_, path);
    if (!read) return read.error();
    if (read->unreadable != 0) damage(std::to_string(read->unreadable) + " octets of " + path.string() + " cannot be read from the disk");
    if (read->size > kMaxSegment) note(path.string() + " is larger than any journal segment; its end is not read");
    Segment segment{file.name, std::move(read->bytes), {}};
    segment.scan = scan_segment(segment.bytes);
    if (read->unreadable != 0) ++out_.unread;
    if (const auto end = synced_end(file))
      limit_scan(segment.scan, *end);
    else if (read->unreadable == 0)
      note_tail(segment);
    out_.index->segments[file.name] = {std::move(read->file), read->size, file.number};
    return segment;
  }

  void note_tail(const Segment& segment) {
    if (segment.scan.records.empty()) return;
    const auto& last = segment.scan.records.back();
    out_.tails.push_back({segment.name, last.offset - std::uint64_t{last.batch_distance} * 8, last.offset + last.size()});
  }

  // The end of the synced part of the segment, if a later one of its run tells it.
  std::optional<std::uint64_t> synced_end(const SegmentFile& file) const {
    for (const auto& next : list_.files) {
      if (file.info.run != 0 && next.info.run != file.info.run) continue;
      for (const auto& ended : next.info.ended)
        if (ended.segment == file.number) return ended.end;
    }
    return std::nullopt;
  }

  static std::string_view meta_of(const Segment& segment, const RecordHeader& record) {
    return std::string_view(segment.bytes).substr(record.meta_offset(), record.meta_size);
  }

  void replay_segment(const Segment& segment) {
    out_.records += segment.scan.records.size();
    for (const auto& region : segment.scan.damages) note(segment, region);
    for (const auto& record : segment.scan.records) replay_record(segment, record);
  }

  void note(const Segment& segment, const SegmentScan::Damage& region) {
    const auto octets = std::to_string(region.end - region.begin);
    const auto where = segment_path(paths_.journal(), segment.name).string() + " at " + std::to_string(region.begin);
    if (!region.acknowledged) return note("unfinished write of " + octets + " octets in " + where + " is ignored");
    out_.regions.push_back({std::to_string(segment.name), out_.index->segments.at(segment.name).file, region.begin, region.end});
    damage("damage of " + octets + " octets in " + where + ": " + meaning(segment, region));
  }

  // The effect of the damage, and the messages that it affects, as far as they can be read.
  static std::string meaning(const Segment& segment, const SegmentScan::Damage& region) {
    const auto header =
        region.begin < segment.bytes.size() ? decode_record(std::string_view(segment.bytes).substr(region.begin)) : std::nullopt;
    if (!header || header->offset != region.begin) return "which message it hit cannot be read";
    if (const auto message = message_at({}, segment.bytes, region.begin)) return describe(*message) + " is lost, if it still waited";
    if (header->id == 0) return "a part of what was known of a site is forgotten";
    return "a part of what was tried for message " + QueueId{header->id}.to_string() + " is forgotten";
  }

  void replay_record(const Segment& segment, const RecordHeader& record) {
    const Location where{segment.name, static_cast<std::uint32_t>(record.offset / 8)};
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
    if (!out_.index->find(id) && type == RecordType::accepted) {
      auto& entry = out_.index->add(id, accepted->envelope);
      entry.set_accepted(where);
      out_.index->segments[where.segment].touched.add(id);
      remember_drop(*accepted, id);
    } else if (!out_.index->find(id)) {
      find_large(id, *accepted);
    }
    for (const auto& notice : accepted->notice_for) replay_notice(notice, where);
  }

  void find_large(QueueId id, const Accepted& accepted) {
    const auto there = disk_.exists(paths_.large(id));
    if (!there) {  // unknown
      leave_unread(there.error().message);
      out_.misplaced.push_back(id);
      return;
    }
    if (*there) {
      if (add_file(id, paths_.large(id))) out_.misplaced.push_back(id);
      return;
    }
    const auto has_file = disk_.exists(paths_.file(id));
    if (misplaced_.contains(id) || !has_file || *has_file) return;  // reported already: it could not be read
    // Ended and removed, if the records that follow say so.
    out_.index->add(id, accepted.envelope);
    missing_.insert(id);
    remember_drop(accepted, id);
  }

  void replay_notice(const NewMessage::NoticeFor& notice, Location where) {
    auto* entry = out_.index->find(notice.message);
    if (!entry) return;
    entry->stages().apply(Told{notice.recipients, notice.kind, {}});
    out_.index->add_later(notice.message, *entry, where);
  }

  void replay_change(QueueId id, const RecordHeader& record, std::string_view meta, Location where) {
    auto* entry = out_.index->find(id);
    if (!entry) return;
    if (record.sequence <= entry->sequence) return distrust_file(id, *entry, where);
    const auto change = decode_change(record.type, id, meta);
    if (!change) return damage(id.to_string() + ": " + change.error().message);
    entry->sequence = record.sequence;
    entry->stages().apply(*change);
    out_.index->add_later(id, *entry, where);
  }

  // The record still waits for its checkpoint, so the program that appended it to the message file need not have synced it.
  void distrust_file(QueueId id, Entry& entry, Location where) {
    out_.index->add_later(id, entry, where);
    entry.history().is_file_doubtful = true;
  }

  void replay_site(std::string_view meta, Location where) {
    const auto site = decode_site(meta);
    if (!site) return damage(site.error().message);
    if (site->failures == 0) {
      out_.known_sites->erase(site->site);
      out_.sites.erase(site->site);
    } else {
      out_.known_sites->set(*site, where);
      out_.sites[site->site] = *site;
    }
    if (out_.sites.size() > out_.known_sites->size())
      std::erase_if(out_.sites, [this](const auto& known) { return !out_.known_sites->find(known.first); });
  }

  void replay_ended(QueueId id, std::string_view meta) {
    auto* entry = out_.index->find(id);
    if (const auto time = decode_ended(meta); entry && time) entry->rest().ended_at = *time;
  }

  void lose(QueueId id, const std::string& why) { damage(id.to_string() + " is lost: " + why); }

  void settle_entry(QueueId id, Entry& entry) {
    const bool finished = entry.stages().finished();
    const bool missing = missing_.contains(id);
    if (missing && !finished) lose(id, "its message file is gone");
    if (!finished && !missing) return;
    if (finished && !missing && entry.accepted().segment == 0) out_.finished.push_back(id);
    if (entry.accepted().segment == 0)
      gone_.push_back(id);
    else
      ended_.emplace_back(entry.ended_at(), id);
  }

  Disk& disk_;
  const Paths& paths_;
  const SegmentList& list_;
  std::uint64_t own_run_;
  const std::function<bool()> given_up_;
  Replayed out_;
  std::unordered_set<QueueId> missing_;    // their files do not exist
  std::unordered_set<QueueId> misplaced_;  // in a file under another name
  std::vector<QueueId> gone_;
  std::vector<std::pair<WallTime, QueueId>> ended_;
};

}  // namespace

Replayed::Replayed() : index(std::make_unique<Index>()), known_sites(std::make_unique<Sites>()) {}
Replayed::Replayed(Replayed&&) noexcept = default;
Replayed& Replayed::operator=(Replayed&&) noexcept = default;
Replayed::~Replayed() = default;

Result<Replayed> replay(Disk& disk, const Paths& paths, const SegmentList& segments, std::uint64_t own_run,
                        std::function<bool()> given_up) {
  Replay replay(disk, paths, segments, own_run, std::move(given_up));
  if (auto s = replay.read_message_files(); !s) return s.error();
  if (auto s = replay.read_segments(); !s) return s.error();
  return replay.finish();
}

}  // namespace mxpress::queue
