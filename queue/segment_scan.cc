// Walks a journal segment record by record and continues the search after damage.
#include "queue/segment_scan.h"

#include <algorithm>

#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view bytes) : bytes_(bytes) {}

  SegmentScan run() {
    std::uint64_t at = 0;
    while (at < bytes_.size()) at = step(at);
    classify();
    return std::move(scan_);
  }

 private:
  // A header that tells this place and the salt of this file, for a record that fits into the file.
  std::optional<RecordHeader> header_at(std::uint64_t at) const {
    auto header = decode_record(bytes_.substr(at));
    if (!header || header->offset != at || header->size() > bytes_.size() - at) return std::nullopt;
    if (std::uint64_t{header->batch_distance} * 8 > at) return std::nullopt;
    if (salt_ && header->salt != *salt_) return std::nullopt;
    return header;
  }

  std::uint64_t step(std::uint64_t at) {
    if (const auto header = header_at(at)) {
      salt_ = header->salt;
      take(*header);
      return at + header->size();
    }
    const auto next = find_record(at + 8);
    if (!next) return end_at(at);
    if (!is_padding(at, *next)) scan_.damages.push_back({at, *next});
    return *next;
  }

  void take(const RecordHeader& header) {
    const auto content = bytes_.substr(header.content_offset(), header.content_size);
    const auto meta = bytes_.substr(header.meta_offset(), header.meta_size);
    if (crc32c(meta) == header.meta_crc && crc32c(content) == header.content_crc)
      scan_.records.push_back(header);
    else
      scan_.damages.push_back({header.offset, header.offset + header.size()});
  }

  std::optional<std::uint64_t> find_record(std::uint64_t at) const {
    for (at = round_up(at, 8); at + kRecordHeader <= bytes_.size(); at += 8)
      if (bytes_[at] == 'M' && header_at(at)) return at;
    return std::nullopt;
  }

  std::uint64_t first_nonzero(std::uint64_t begin, std::uint64_t end) const {
    return std::min<std::uint64_t>(end, bytes_.substr(0, end).find_first_not_of('\0', begin));
  }

  bool is_padding(std::uint64_t begin, std::uint64_t end) const {
    return end == round_up(begin, kPage) && first_nonzero(begin, end) == end;
  }

  std::uint64_t end_at(std::uint64_t at) {
    const auto last = bytes_.find_last_not_of('\0');
    if (last != std::string_view::npos && last >= at) scan_.damages.push_back({first_nonzero(at, bytes_.size()), last + 1});
    return bytes_.size();
  }

  // Zeros up to the next page are the end of a batch, not part of the damage behind it.
  void skip_padding(SegmentScan::Damage& damage) const {
    const auto page = round_up(damage.begin, kPage);
    if (page < damage.end && first_nonzero(damage.begin, page) == page) damage.begin = page;
  }

  void classify() {
    if (scan_.records.empty()) return;
    const auto& last = scan_.records.back();
    scan_.last_batch = last.batch;
    const auto last_begin = last.offset - std::uint64_t{last.batch_distance} * 8;
    for (auto& damage : scan_.damages) {
      skip_padding(damage);
      damage.acknowledged = damage.begin < last_begin;
    }
  }

  std::string_view bytes_;
  std::optional<std::uint64_t> salt_;
  SegmentScan scan_;
};

}  // namespace

SegmentScan scan_segment(std::string_view bytes) { return Scanner(bytes).run(); }

void limit_scan(SegmentScan& scan, std::uint64_t synced_end) {
  std::erase_if(scan.records, [&](const RecordHeader& record) { return record.offset >= synced_end; });
  std::erase_if(scan.damages, [&](const SegmentScan::Damage& damage) { return damage.begin >= synced_end; });
  for (auto& damage : scan.damages) damage.acknowledged = true;
  std::uint64_t known = 0;
  if (!scan.records.empty()) known = scan.records.back().offset + scan.records.back().size();
  if (!scan.damages.empty()) known = std::max(known, scan.damages.back().end);
  // Cut off, or zeros in place of a batch.
  if (round_up(known, kPage) < synced_end) scan.damages.push_back({round_up(known, kPage), synced_end, true});
}

}  // namespace mxpress::queue
