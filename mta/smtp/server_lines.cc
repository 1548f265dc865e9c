// Command lines out of a stream of octets.
#include "mta/smtp/server_lines.h"

namespace mxpress::mta::smtp {
namespace {

constexpr std::size_t kKeepEmptySpace = 16 * 1024;

bool is_clean(std::string_view line) { return line.find('\r') == std::string_view::npos && line.find('\0') == std::string_view::npos; }

}  // namespace

void LineReader::take(std::size_t size) {
  taken_ += size;
  if (taken_ == buffer_.size()) {
    buffer_.clear();
    taken_ = 0;
  } else if (taken_ > kKeepEmptySpace) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
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
  std::string line(rest().substr(0, end));
  take(end + 1);
  const bool too_long = skipped_ + line.size() + 1 > kMaxLine;
  skipped_ = 0;
  if (too_long) return {Kind::too_long, {}};
  if (line.empty() || line.back() != '\r') return {Kind::bare, {}};
  line.pop_back();
  if (!is_clean(line)) return {Kind::bare, {}};
  return {Kind::line, std::move(line)};
}

}  // namespace mxpress::mta::smtp
