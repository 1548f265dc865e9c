// Reads segments.
#include "mta/history/segment.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "mta/history/record.h"

namespace mxpress::mta::history {
namespace {

constexpr std::string_view kMagic = "mxhist1\n";
constexpr std::size_t kFirstPiece = 4096;  // octets: most records are shorter

void put(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
}

std::uint64_t get(std::string_view octets, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value |= std::uint64_t{static_cast<std::uint8_t>(octets[at + i])} << (8 * i);
  return value;
}

// "12.log": 12.
std::optional<std::uint64_t> number_in(std::string_view name, std::string_view ending) {
  if (!name.ends_with(ending)) return std::nullopt;
  name.remove_suffix(ending.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::string encode(const SegmentHead& head) {
  std::string octets(kMagic);
  put(octets, head.secret.first);
  put(octets, head.secret.second);
  put(octets, static_cast<std::uint64_t>(head.started.time_since_epoch().count()));
  return octets;
}

Result<SegmentHead> read_head(const queue::File& file) {
  std::string octets(kSegmentHead, '\0');
  const auto size = file.read_at(0, octets.data(), octets.size());
  if (!size) return size.error();
  if (*size != octets.size() || !octets.starts_with(kMagic)) return Error::permanent("not a segment of the history");
  return SegmentHead{{get(octets, 8), get(octets, 16)}, WallTime(Duration(static_cast<std::int64_t>(get(octets, 24))))};
}

queue::Path segment_file(const queue::Path& folder, std::uint64_t number) { return folder / (std::to_string(number) + ".log"); }
queue::Path index_file(const queue::Path& folder, std::uint64_t number) { return folder / (std::to_string(number) + ".idx"); }

Result<std::vector<SegmentName>> segments_in(queue::Disk& disk, const queue::Path& folder) {
  const auto is_there = disk.exists(folder);
  if (!is_there) return is_there.error();
  if (!*is_there) return std::vector<SegmentName>();
  const auto entries = disk.list(folder);
  if (!entries) return entries.error();
  std::map<std::uint64_t, bool> found;
  for (const auto& entry : *entries)
    if (const auto number = number_in(entry.name, ".log")) found[*number];
  for (const auto& entry : *entries)
    if (const auto number = number_in(entry.name, ".idx"); number && found.contains(*number)) found[*number] = true;
  std::vector<SegmentName> names;
  for (const auto& [number, is_indexed] : found) names.push_back({number, is_indexed});
  return names;
}

Result<std::uint64_t> scan(const queue::File& file, const std::function<bool(std::uint64_t, std::string_view)>& use,
                           const std::function<void(std::size_t)>& charge) {
  std::string buffer(kMostOfFrame, '\0');
  for (std::uint64_t offset = kSegmentHead;;) {
    const auto size = file.read_at(offset, buffer.data(), buffer.size());
    if (!size) return size.error();
    charge(*size);
    std::string_view rest(buffer.data(), *size);
    for (std::string_view payload = payload_of(rest); !payload.empty(); payload = payload_of(rest)) {
      if (!use(offset, payload)) return offset;
      offset += kFrameHead + payload.size();
      rest.remove_prefix(kFrameHead + payload.size());
    }
    if (rest.size() == *size) return offset;  // not even one
  }
}

std::string_view read_record(const queue::File& file, std::uint64_t offset, std::string& buffer) {
  for (const std::size_t piece : {kFirstPiece, kMostOfFrame}) {
    buffer.resize(piece);
    const auto size = file.read_at(offset, buffer.data(), buffer.size());
    if (!size) return {};
    if (const auto payload = payload_of(std::string_view(buffer).substr(0, *size)); !payload.empty()) return payload;
  }
  return {};
}

}  // namespace mxpress::mta::history
