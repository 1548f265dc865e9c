// Builds the lines of the log.
#include <algorithm>

#include "mta/host/log.h"
#include "proto/printable.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kMaxValue = 1000;  // octets of one value...
constexpr std::size_t kMaxLine = 3800;   // ...and of a line; with what goes around it, below PIPE_BUF: a pipe takes lines whole
constexpr std::size_t kUsualLine = 300;  // octets

// Needs neither cleaning nor quotes.
bool is_plain(std::string_view value) {
  const auto is_plain_octet = [](char c) { return c > ' ' && c < 127 && c != '"' && c != '\\' && c != '='; };
  return !value.empty() && std::all_of(value.begin(), value.end(), is_plain_octet);
}

void append_shown(std::string& out, std::string_view value) {
  if (is_plain(value)) {
    out.append(value.substr(0, kMaxValue));
    return;
  }
  const std::string text = proto::printable(value, kMaxValue);
  if (is_plain(text)) {
    out.append(text);
    return;
  }
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace

LogLine::LogLine(Priority priority, std::string_view event) : priority_(priority) {
  text_.reserve(kUsualLine);
  text_.append(proto::printable(event, kMaxValue));
}

LogLine::LogLine(Priority priority, proto::QueueId id, std::string_view event) : priority_(priority), is_kept_(true) {
  text_.reserve(kUsualLine);
  text_.append(id.to_string()).append(" ").append(proto::printable(event, kMaxValue));
}

LogLine& LogLine::add(std::string_view key, std::string_view value) {
  const std::size_t before = text_.size();
  text_.push_back(' ');
  text_.append(key).push_back('=');
  append_shown(text_, value);
  if (text_.size() > kMaxLine) text_.resize(before);
  return *this;
}

LogLine& LogLine::add(std::string_view key, std::int64_t value) { return add(key, std::string_view(std::to_string(value))); }

LogLine& LogLine::add(std::string_view key, Duration value) {
  const auto count = value.count() < 0 ? -value.count() : value.count();
  const std::string rest = std::to_string(1000 + count % 1000);  // a 1, and three digits
  std::string text = value.count() < 0 ? "-" : "";
  text.append(std::to_string(count / 1000)).append(".").append(rest, 1);
  return add(key, std::string_view(text));
}

}  // namespace mxpress::mta
