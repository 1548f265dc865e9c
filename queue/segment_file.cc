// Lists and reads the files of journal segments.
#include "queue/segment_file.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "proto/printable.h"
#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kFirstRecord = 16 * kPage;  // octets at most: room for thousands of segments that failed in a row
constexpr std::uint32_t kMaxNumber = std::numeric_limits<std::uint32_t>::max();

std::string shown(const Path& path) { return proto::printable(path.string(), 500); }

// The first record of a segment, if it is whole.
void read_first_record(const File& file, SegmentFile& out) {
  std::string begin(kFirstRecord, '\0');
  const auto n = file.read_at(0, begin.data(), begin.size());
  if (!n) return;
  const auto bytes = std::string_view(begin).substr(0, *n);
  const auto header = decode_record(bytes);
  if (!header || header->type != RecordType::segment || header->offset != 0 || header->content_size != 0 || header->size() > *n) return;
  const auto meta = bytes.substr(kRecordHeader, header->meta_size);
  if (crc32c(meta) != header->meta_crc || header->id == 0 || header->id > kMaxNumber) return;
  const auto info = decode_segment(meta);
  if (!info) return;
  out.info = *info;
  out.number = static_cast<std::uint32_t>(header->id);
}

Result<SegmentFile> look_at(Disk& disk, const Path& path, std::uint32_t name) {
  const auto file = disk.open(path, Open::read);
  if (!file)
    return Error::transient(file.error().message + "; it is a part of the journal, and nothing can be delivered without it: make it " +
                            "readable, or let `mxpress fsck --repair` set it aside");
  SegmentFile out{name, name};
  read_first_record(**file, out);
  return out;
}

void note_names(SegmentList& list, const Paths& paths) {
  for (const auto& file : list.files)
    if (file.number != file.name)
      list.findings.push_back({Finding::Kind::damage, segment_path(paths.journal(), file.name).string() + " is segment " +
                                                          std::to_string(file.number) +
                                                          " of the journal under another name, and is read as such"});
}

// Segments are removed from the oldest on, so a missing one behind an older one was lost. Empty segments are ignored: one may have been
// left when it could neither be used nor removed.
void note_gaps(SegmentList& list) {
  const auto is_there = [&](std::uint64_t number) {
    return std::any_of(list.files.begin(), list.files.end(), [&](const SegmentFile& file) { return file.number == number; });
  };
  const auto oldest = std::find_if(list.files.begin(), list.files.end(), [](const SegmentFile& file) { return file.info.run != 0; });
  for (const auto& file : list.files) {
    if (file.info.ended.empty()) continue;
    const auto before = file.info.ended.back().segment;
    if (is_there(before) || oldest->number > before) continue;
    list.findings.push_back(
        {Finding::Kind::damage, "segment " + std::to_string(before) + " of the journal is missing, and all that was only there"});
  }
}

// Removes most of the zeros at its end; a record may end in a few.
void trim(std::string& bytes) {
  const std::string zeros(kPage, '\0');
  auto end = bytes.size();
  while (end > kPage && std::memcmp(bytes.data() + end - kPage, zeros.data(), kPage) == 0) end -= kPage;
  bytes.resize(std::min(bytes.size(), end + kPage));
}

Status read_page_by_page(const File& file, SegmentBytes& out) {
  Status last;
  for (std::uint64_t at = 0; at < out.bytes.size(); at += kPage) {
    const auto size = std::min<std::uint64_t>(kPage, out.bytes.size() - at);
    const auto n = file.read_at(at, out.bytes.data() + at, size);
    if (n) continue;
    std::fill_n(out.bytes.data() + at, size, '\0');
    out.unreadable += size;
    last = n.error();
  }
  return out.unreadable == out.bytes.size() ? last : Status();
}

}  // namespace

Result<SegmentList> list_segments(Disk& disk, const Paths& paths) {
  const auto names = disk.list(paths.journal());
  if (!names) return names.error();
  SegmentList out;
  for (const auto& entry : *names) {
    const auto path = paths.journal() / entry.name;
    const auto number = segment_number(entry.name);
    if (!number) {
      out.findings.push_back({Finding::Kind::note, "foreign file " + shown(path) + " is left alone"});
      continue;
    }
    out.highest = std::max(out.highest, *number);
    if (entry.kind != FolderEntry::Kind::file) {
      out.findings.push_back(
          {Finding::Kind::damage,
           shown(path) + " is no file, and is left alone; if there was a segment of the journal " + "in its place, that is lost"});
      continue;
    }
    auto file = look_at(disk, path, *number);
    if (!file) return file.error();
    out.highest = std::max(out.highest, file->number);
    out.files.push_back(*file);
  }
  std::sort(out.files.begin(), out.files.end(),
            [](const SegmentFile& a, const SegmentFile& b) { return std::pair(a.number, a.name) < std::pair(b.number, b.name); });
  note_names(out, paths);
  note_gaps(out);
  return out;
}

Result<SegmentBytes> read_segment(Disk& disk, const Path& path) {
  auto file = disk.open(path, Open::read);
  if (!file) return file.error();
  const auto size = (*file)->size();
  if (!size) return size.error();
  SegmentBytes out{*file, *size, std::string(std::min(*size, kMaxSegment), '\0')};
  const auto n = (*file)->read_at(0, out.bytes.data(), out.bytes.size());
  if (n) {
    out.bytes.resize(*n);
    trim(out.bytes);
    return out;
  }
  // A bad block on the disk loses only the data in it.
  if (auto s = read_page_by_page(**file, out); !s) return s.error();
  return out;
}

}  // namespace mxpress::queue
