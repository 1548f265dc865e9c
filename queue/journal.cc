// Writes batches of records into journal segments.
#include "queue/journal.h"

#include <algorithm>

#include "queue/codec.h"
#include "queue/crc32c.h"

namespace mxpress::queue {

std::uint64_t Journal::octets_for(const std::vector<JournalRecord>& records) const {
  std::uint64_t octets = 0;
  for (const auto& record : records) octets += record.header.size();
  return octets;
}

Status Journal::write(std::vector<JournalRecord>& records, std::vector<Location>& locations) {
  if (auto s = make_room(octets_for(records)); !s) return s;
  const bool fresh = end_ == 0;
  if (fresh) {
    RecordHeader header{.type = RecordType::segment,
                        .id = segment_.number,
                        .meta_size = static_cast<std::uint32_t>(segment_meta_.size()),
                        .meta_crc = crc32c(segment_meta_)};
    records.insert(records.begin(), {header, {}, segment_meta_});
  }
  const auto begin = end_;
  headers_.resize(records.size());
  pieces_.clear();
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto& record = records[i];
    place(record, batch_begin_);
    headers_[i] = encode(record.header);
    pieces_.insert(pieces_.end(), {{headers_[i].data(), headers_[i].size()}, record.content, record.meta});
    pieces_.push_back(padding(record.header.size() - kRecordHeader - record.content.size() - record.meta.size()));
  }
  if (fresh) records.erase(records.begin());
  for (const auto& record : records) locations.push_back({segment_.number, static_cast<std::uint32_t>(record.header.offset / 8)});
  return segment_.file->write_at(begin, pieces_);
}

void Journal::place(JournalRecord& record, std::uint64_t batch_begin) {
  record.header.salt = salt_;
  record.header.batch = batch_;
  record.header.offset = end_;
  record.header.batch_distance = static_cast<std::uint32_t>((end_ - batch_begin) / 8);
  end_ += record.header.size();
}

Status Journal::make_room(std::uint64_t octets) {
  if (open_ && end_ + octets <= segment_.size) return {};
  if (is_dirty())
    if (auto s = sync(); !s) return s;
  return open_segment(octets);
}

Status Journal::sync() {
  if (!is_dirty()) return {};
  if (auto s = segment_.file->sync(); !s) return s;
  untold_.clear();
  synced_end_ = end_;
  // Each batch begins on a new page: a torn write cannot damage an acknowledged batch.
  end_ = batch_begin_ = round_up(end_, kPage);
  synced_end_ = end_;
  ++batch_;
  return {};
}

Status Journal::open_segment(std::uint64_t octets) {
  open_ = false;
  const auto number = next_++;  // also used up if this fails: the file may exist nevertheless
  auto file = disk_.open(segment_path(options_.folder, number), Open::create);
  if (!file) return file.error();
  SegmentInfo info{options_.run, untold_};
  if (segment_.number != 0) info.ended.push_back({segment_.number, synced_end_});
  const std::string meta = encode(info);
  const auto needed = round_up(octets + kRecordHeader + meta.size() + 8, kPage);
  auto size = std::max(options_.segment_size, needed);
  auto allocated = (*file)->allocate(size);
  if (!allocated && needed < size) allocated = (*file)->allocate(size = needed);  // a nearly full disk still takes outcomes
  if (allocated) allocated = disk_.sync_folder(options_.folder);
  if (!allocated) {
    (void)disk_.remove(segment_path(options_.folder, number));
    return allocated;
  }
  segment_ = {number, std::move(*file), size};
  segment_meta_ = meta;
  untold_ = std::move(info.ended);
  salt_ = options_.random();
  batch_begin_ = end_ = synced_end_ = 0;
  open_ = true;
  return {};
}

}  // namespace mxpress::queue
