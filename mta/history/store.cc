// Appends to segments, completes and removes them.
#include "mta/history/store.h"

#include <algorithm>
#include <utility>

#include "mta/history/index.h"
#include "mta/history/segment.h"

namespace mxpress::mta::history {
namespace {

constexpr std::uint64_t kLeastSegment = 64 * 1024, kSegmentsOfLimit = 16;
constexpr Duration kSpan = std::chrono::days(1);  // of a segment
constexpr std::uint64_t kLeastHole = 64u << 20;   // octets of the disk that are left free in any case

std::uint64_t most_of_segment(const Limits& limits) {
  return std::clamp(limits.max_size / kSegmentsOfLimit, kLeastSegment, kMostOfSegment);
}

Result<std::uint64_t> size_of(queue::Disk& disk, const queue::Path& path) {
  const auto file = disk.open(path, queue::Open::read);
  return file ? (*file)->size() : file.error();
}

}  // namespace

std::uint64_t Store::octets() const {
  std::uint64_t sum = file_ ? open_.octets : 0;
  for (const Segment& segment : complete_) sum += segment.octets;
  return sum;
}

bool Store::is_full(std::size_t more, const Limits& limits, WallTime now) const {
  const bool is_empty = open_.octets <= kSegmentHead;
  return !is_empty && (open_.octets + more > most_of_segment(limits) || now - open_.started >= kSpan);
}

Status Store::check_room(const Limits& limits) const {
  const auto room = disk_.room(folder_);
  if (!room) return room.error();
  const std::uint64_t least = limits.leave_free + kLeastHole;
  if (room->bytes >= least) return {};
  return Error::transient(folder_.string() + ": only " + std::to_string(room->bytes >> 20) +
                          " MiB of the disk are free; the history leaves " + std::to_string(least >> 20) + " MiB to mail");
}

// A segment of the last run.
Status Store::take_up(std::uint64_t number, bool is_indexed) {
  const auto file = disk_.open(segment_file(folder_, number), queue::Open::write);
  if (!file) return file.error();
  const auto head = read_head(**file);
  if (!head) return head.error().is_transient() ? Status(head.error()) : remove(number);
  const auto size = is_indexed ? (*file)->size() : scan(**file, [](std::uint64_t, std::string_view) { return true; });
  if (!size) return size.error();
  open_ = {number, *size, head->started};
  file_ = *file;
  if (!is_indexed) return (*file)->truncate(*size);
  const auto of_index = size_of(disk_, index_file(folder_, number));
  if (!of_index) return of_index.error();
  file_.reset();
  complete_.push_back({number, *size + *of_index, head->started});
  return {};
}

// The last segment is continued behind its last whole record, earlier ones that a crash left without an index get it.
Status Store::recover() {
  complete_.clear();
  file_.reset();
  const auto names = segments_in(disk_, folder_);
  if (!names) return names.error();
  for (const SegmentName& name : *names) {
    if (file_)
      if (auto completed = complete_segment(); !completed) return completed;
    if (auto taken = take_up(name.number, name.is_indexed); !taken) return taken;
  }
  if (names->empty())
    if (auto made = disk_.make_folder(folder_); !made) return made;
  is_recovered_ = true;
  return {};
}

Status Store::begin_segment(WallTime now) {
  const std::uint64_t number = complete_.empty() ? 1 : complete_.back().number + 1;
  auto file = disk_.open(segment_file(folder_, number), queue::Open::create);
  if (!file) return is_recovered_ = false, Status(file.error());
  if (auto written = (*file)->write_at(0, {encode(SegmentHead{{secret_(), secret_()}, now})}); !written) {
    (void)disk_.remove(segment_file(folder_, number));
    return written;
  }
  file_ = std::move(*file);
  open_ = {number, kSegmentHead, now};
  return {};
}

Status Store::complete_segment() {
  if (auto built = build_index(disk_, folder_, open_.number); !built) return built;
  const auto size = size_of(disk_, index_file(folder_, open_.number));
  if (!size) return size.error();
  open_.octets += *size;
  complete_.push_back(open_);
  file_.reset();
  return {};
}

Status Store::remove(std::uint64_t number) {
  if (auto removed = disk_.remove(segment_file(folder_, number)); !removed) return removed;
  const auto has_index = disk_.exists(index_file(folder_, number));
  if (!has_index) return has_index.error();
  return *has_index ? disk_.remove(index_file(folder_, number)) : Status();
}

Status Store::tidy(const Limits& limits, WallTime now) {
  if (!is_recovered_)
    if (auto recovered = recover(); !recovered) return recovered;
  if (file_ && is_full(0, limits, now))
    if (auto completed = complete_segment(); !completed) return completed;
  const auto is_old = [&](std::size_t i) {  // no record is younger than the next segment
    const WallTime end = i + 1 < complete_.size() ? complete_[i + 1].started : file_ ? open_.started : complete_[i].started + kSpan;
    return now - end >= limits.keep;
  };
  while (!complete_.empty() && (is_old(0) || octets() + most_of_segment(limits) > limits.max_size)) {
    if (auto removed = remove(complete_.front().number); !removed) return is_recovered_ = false, removed;
    complete_.erase(complete_.begin());
  }
  if (limits.keep != Duration(0) || !file_) return {};
  if (auto removed = remove(open_.number); !removed) return removed;
  file_.reset();
  return {};
}

Status Store::append(std::string_view frames, const Limits& limits, WallTime now) {
  if (!is_recovered_)
    if (auto recovered = recover(); !recovered) return recovered;
  if (limits.keep == Duration(0)) return tidy(limits, now);
  if (auto room = check_room(limits); !room) return room;
  if (file_ && is_full(frames.size(), limits, now))
    if (auto tidied = complete_segment(); !tidied) return tidied;
  if (!file_) {
    if (auto tidied = tidy(limits, now); !tidied) return tidied;
    if (auto begun = begin_segment(now); !begun) return begun;
  }
  if (auto written = file_->write_at(open_.octets, {frames}); !written) return written;
  open_.octets += frames.size();
  return {};
}

}  // namespace mxpress::mta::history
