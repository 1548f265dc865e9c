// Builds the lines of the log.
#include <algorithm>
#include <array>
#include <charconv>

#include "mta/system/log.h"
#include "proto/printable.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kMaxValue = 1000;  // octets of one value...
constexpr std::size_t kMaxLine = 3800;   // ...and of a line; with its frame below PIPE_BUF: a pipe takes lines as a whole
constexpr std::size_t kUsualLine = 300;  // octets

// True if it needs neither cleaning nor quotes.
bool is_plain(std::string_view value) {
  const auto is_plain_octet = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '\\' && c != '='; };
  return !value.empty() && std::all_of(value.begin(), value.end(), is_plain_octet);
}

void append_quoted(std::string& out, std::string_view text) {
  const auto is_special = [](char c) { return c == '"' || c == '\\'; };
  out.push_back('"');
  for (auto at = text.begin();;) {
    const auto special = std::find_if(at, text.end(), is_special);
    out.append(at, special);
    if (special == text.end()) break;
    out.push_back('\\');
    out.push_back(*special);
    at = special + 1;
  }
  out.push_back('"');
}

void append_clean(std::string& out, std::string_view text) {
  if (is_plain(text))
    out.append(text);
  else
    append_quoted(out, text);
}

void append_shown(std::string& out, std::string_view value) {
  if (proto::is_printable(value))  // the usual case
    append_clean(out, value.substr(0, kMaxValue));
  else
    append_clean(out, proto::printable(value, kMaxValue));
}

}  // namespace

LogLine::LogLine(Priority priority, std::string_view event) : priority_(priority) {
  text_.reserve(kUsualLine);
  text_.append(event.substr(0, kMaxValue));
  if (priority == Priority::alert) announce();
}

LogLine::LogLine(Priority priority, proto::QueueId id, std::string_view event) : priority_(priority), is_kept_(true) {
  text_.reserve(kUsualLine);
  text_.append(id.to_string()).append(" ").append(event.substr(0, kMaxValue));
  if (priority == Priority::alert) announce();
}

// The event is the last word so far, and an id the one before.
LogLine& LogLine::announce() {
  const auto space = text_.rfind(' ');
  announced_.assign(1, {"event", text_.substr(space == std::string::npos ? 0 : space + 1)});
  if (space != std::string::npos) announced_.push_back({"message", text_.substr(0, space)});
  return *this;
}

LogLine& LogLine::add(std::string_view key, std::string_view value) {
  const std::size_t before = text_.size();
  text_.push_back(' ');
  text_.append(key).push_back('=');
  append_shown(text_, value);
  if (text_.size() > kMaxLine) text_.resize(before);
  if (!announced_.empty()) announced_.push_back({std::string(key), proto::printable(value, kMaxValue)});
  return *this;
}

// Usually everything is plain, and no string is made.
LogLine& LogLine::add_joined(std::string_view key, std::initializer_list<std::string_view> pieces) {
  std::size_t size = 0;
  bool are_plain = true;
  for (const std::string_view piece : pieces) {
    size += piece.size();
    are_plain = are_plain && (piece.empty() || is_plain(piece));
  }
  if (!announced_.empty() || !are_plain || size == 0 || size > kMaxValue || text_.size() + key.size() + 2 + size > kMaxLine) {
    std::string value;
    for (const std::string_view piece : pieces) value.append(piece);
    return add(key, std::string_view(value));
  }
  text_.append(" ").append(key).append("=");
  for (const std::string_view piece : pieces) text_.append(piece);
  return *this;
}

LogLine& LogLine::add(std::string_view key, std::int64_t value) {
  std::array<char, 24> digits;
  return add(key, std::string_view(digits.data(), std::to_chars(digits.begin(), digits.end(), value).ptr));
}

LogLine& LogLine::add(std::string_view key, Duration value) {
  const auto count = value.count() < 0 ? -value.count() : value.count();
  std::array<char, 32> text;
  char* at = text.begin();
  if (value.count() < 0) *at++ = '-';
  at = std::to_chars(at, text.end(), count / 1000).ptr;
  *at++ = '.';
  for (const auto unit : {100, 10, 1}) *at++ = static_cast<char>('0' + count / unit % 10);
  return add(key, std::string_view(text.data(), at));
}

}  // namespace mxpress::mta
