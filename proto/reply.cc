// Reads SMTP replies from a stream of bytes, and writes replies.
#include "proto/reply.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxShown = 1000;
constexpr std::size_t kMaxWrittenText = 490;  // with code, enhanced code and CRLF below 512: RFC 5321 4.5.3.1.5

// The enhanced code at the start of a line of text, or nullopt if its class does not match. RFC 2034 4
std::optional<EnhancedStatus> leading_status(std::string_view text, int code) {
  const auto status = EnhancedStatus::parse(text.substr(0, text.find(' ')));
  return status && status->klass == code / 100 ? status : std::nullopt;
}

Error not_a_reply(const char* why) { return Error::transient(std::string("the mail host sent no valid SMTP reply: ") + why); }

// 0 if the line is not a reply line. RFC 5321 4.2
int code_of(std::string_view line) {
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, is_digit)) return 0;
  if (line[0] < '2' || line[0] > '5') return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

EnhancedStatus Reply::status() const {
  if (enhanced) return *enhanced;
  return {is_transient() ? 4 : is_permanent() ? 5 : 2, 0, 0};
}

std::vector<std::string_view> Reply::lines() const {
  std::vector<std::string_view> lines;
  for (std::string_view rest = text;;) {
    const auto end = rest.find('\n');
    lines.push_back(rest.substr(0, end));
    if (end == std::string_view::npos) return lines;
    rest.remove_prefix(end + 1);
  }
}

std::string Reply::to_string() const {
  std::string shown = std::to_string(code);
  for (std::string_view rest = text; !rest.empty() && shown.size() < kMaxShown;) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    const bool is_first = rest.size() == text.size();
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    // RFC 2034 4: each line repeats the code; once is enough for readers.
    if (!is_first && enhanced && leading_status(line, code) == enhanced) line.remove_prefix(std::min(line.size(), line.find(' ')));
    line = trimmed(line);
    if (!line.empty()) shown.append(" ").append(printable(line, kMaxShown));
  }
  shown.resize(std::min(shown.size(), kMaxShown));
  return shown;
}

std::size_t ReplyParser::feed(std::string_view bytes) {
  std::size_t taken = 0;
  while (!ready_ && taken < bytes.size()) {
    const std::string_view rest = bytes.substr(taken);
    const auto end = rest.find('\n');
    const bool complete = end != std::string_view::npos;
    const std::size_t piece = complete ? end + 1 : rest.size();
    taken += piece;
    size_ += piece;
    if (line_.size() + piece > kMaxLine || size_ > kMaxReply) {
      ready_ = not_a_reply("too long");
    } else {
      line_.append(rest.substr(0, complete ? end : piece));
      if (complete) end_line();
    }
  }
  return taken;
}

void ReplyParser::end_line() {
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  const int code = code_of(line_);
  if (code == 0) {
    ready_ = not_a_reply("a line without a code");
  } else if (lines_ > 0 && code != reply_.code) {
    // RFC 5321 4.2.1: all lines of a reply carry the same code.
    ready_ = not_a_reply("lines with different codes");
  } else if (lines_ == kMaxLines) {
    ready_ = not_a_reply("too many lines");
  } else {
    reply_.code = code;
    const std::string_view text = std::string_view(line_).substr(std::min<std::size_t>(line_.size(), 4));
    if (lines_++ > 0) reply_.text.push_back('\n');
    reply_.text.append(text);
    if (!reply_.enhanced) reply_.enhanced = leading_status(text, code);
    const bool last = line_.size() < 4 || line_[3] != '-';
    if (last) ready_ = std::move(reply_);
  }
  line_.clear();
}

std::optional<Result<Reply>> ReplyParser::take() {
  if (!ready_) return std::nullopt;
  std::optional<Result<Reply>> taken = std::move(ready_);
  *this = ReplyParser();
  return taken;
}

std::string format_reply(int code, std::optional<EnhancedStatus> enhanced, std::string_view text) {
  const std::string status = enhanced ? enhanced->to_string() + " " : "";
  std::string reply;
  reply.reserve(text.size() + 64);
  while (true) {
    const auto end = text.find('\n');
    const bool last = end == std::string_view::npos || end + 1 == text.size();
    reply.append(std::to_string(code)).append(last ? " " : "-").append(status);
    reply.append(printable(trimmed(text.substr(0, end)), kMaxWrittenText)).append("\r\n");
    if (last) return reply;
    text.remove_prefix(end + 1);
  }
}

}  // namespace mxpress::proto
