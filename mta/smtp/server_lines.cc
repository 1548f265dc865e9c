// Splits a stream of octets into command lines.
#include "mta/smtp/server_lines.h"

#include <algorithm>
#include <cstring>

namespace mxpress::mta::smtp {
namespace {

constexpr std::size_t kFirstCapacity = 6 * 1024;  // all of a usual message
constexpr std::size_t kBusyCapacity = 32 * 1024;
constexpr std::size_t kLeastRoom = 2 * 1024;

bool is_clean(std::string_view line) { return line.find('\r') == std::string_view::npos && line.find('\0') == std::string_view::npos; }

}  // namespace

void LineReader::move_to(std::size_t capacity) {
  const std::string_view kept = rest();
  auto buffer = std::make_unique_for_overwrite<char[]>(capacity);
  kept.copy(buffer.get(), kept.size());
  end_ = kept.size();
  begin_ = 0;
  buffer_ = std::move(buffer);
  capacity_ = capacity;
}

std::span<char> LineReader::room() {
  const std::size_t kept = end_ - begin_;
  const std::size_t wanted = std::max(is_busy_ ? kBusyCapacity : kFirstCapacity, kept + kLeastRoom);
  if (capacity_ < wanted) {
    move_to(wanted);
  } else if (capacity_ - end_ < kLeastRoom) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, kept);
    begin_ = 0;
    end_ = kept;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void LineReader::added(std::size_t size) {
  end_ += size;
  is_busy_ = end_ == capacity_;
}

void LineReader::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> place = room();
    const std::size_t size = bytes.copy(place.data(), place.size());
    added(size);
    bytes.remove_prefix(size);
  }
}

void LineReader::take(std::size_t size) {
  begin_ += size;
  if (begin_ == end_) begin_ = end_ = 0;
}

LineReader::Line LineReader::skip_long_line() {
  const std::size_t size = rest().size();
  skipped_ += size;
  take(size);
  return {skipped_ > kFlood ? Kind::flood : Kind::none, {}};
}

LineReader::Line LineReader::next() {
  const std::size_t end = rest().find('\n');
  if (end == std::string_view::npos) return skipped_ + rest().size() > kMaxLine ? skip_long_line() : Line{};
  std::string_view line = rest().substr(0, end);
  take(end + 1);
  const bool too_long = skipped_ + line.size() + 1 > kMaxLine;
  skipped_ = 0;
  if (too_long) return {Kind::too_long, {}};
  if (line.empty() || line.back() != '\r') return {Kind::bare, {}};
  line.remove_suffix(1);
  if (!is_clean(line)) return {Kind::bare, {}};
  return {Kind::line, line};
}

}  // namespace mxpress::mta::smtp
