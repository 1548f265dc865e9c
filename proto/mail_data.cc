// Dot stuffing and line ends, both ways.
#include "proto/mail_data.h"

#include <algorithm>
#include <cstring>

namespace mxpress::proto {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::size_t kStretch = 512;

std::size_t find_octet(std::string_view text, char octet, std::size_t limit) {
  const void* found = limit == 0 ? nullptr : std::memchr(text.data(), octet, limit);
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : limit;
}

// The octets before the first CR, LF or NUL, or at least some of them: text without these must not be searched repeatedly.
std::size_t plain_length(std::string_view text) {
  const std::size_t before_cr = find_octet(text, '\r', std::min(text.size(), kStretch));
  const std::size_t before_lf = find_octet(text, '\n', before_cr);
  return find_octet(text, '\0', before_lf);
}

// True if each CR and LF is part of a CRLF, and there is no NUL. Looks at each octet once.
bool has_only_whole_lines(std::string_view text) {
  if (text.empty()) return true;
  unsigned char flaws = text.front() == '\n' || text.back() == '\r' || text.back() == '\0';
  for (std::size_t i = 1; i < text.size(); ++i) {
    flaws |= (text[i - 1] == '\r') ^ (text[i] == '\n');
    flaws |= text[i - 1] == '\0';
  }
  return flaws == 0;
}

// The complete lines at the beginning of `text`, before the first that begins with a dot.
std::string_view lines_without_dot(std::string_view text) {
  if (text.starts_with('.')) return {};
  const std::size_t dot = text.find("\n.");
  const std::size_t end = dot == std::string_view::npos ? text.rfind('\n') : dot;
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
}

bool has_eight_bit(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all > 127;
}

// Calls on_text for each stretch without line ends and NUL, on_line_end for each LF with the CRs in front of it, on_stray_cr for CRs
// without an LF behind them, on_nul for each NUL. `after_cr` is kept between pieces.
template <class OnText, class OnLineEnd, class OnStrayCr, class OnNul>
void walk(std::string_view text, bool& after_cr, OnText on_text, OnLineEnd on_line_end, OnStrayCr on_stray_cr, OnNul on_nul) {
  while (!text.empty()) {
    const char octet = text.front();
    if (after_cr && octet != '\r' && octet != '\n') on_stray_cr();
    after_cr = octet == '\r';
    const std::size_t length = plain_length(text);
    if (length > 0) {
      on_text(text.substr(0, length));
    } else if (octet == '\n') {
      on_line_end();
    } else if (octet == '\0') {
      on_nul();
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace

void ContentInspector::feed(std::string_view content) {
  if (content.empty()) return;
  facts_.octets += content.size();
  facts_.eight_bit = facts_.eight_bit || has_eight_bit(content);
  while (!content.empty()) {
    const std::size_t length = find_octet(content, '\n', content.size());
    line_ += length;
    if (length > 0) after_cr_ = content[length - 1] == '\r';
    facts_.longest_line = std::max(facts_.longest_line, line_ - (after_cr_ ? 1 : 0));
    if (length == content.size()) return;
    ++facts_.lines;
    line_ = 0;
    after_cr_ = false;
    content.remove_prefix(length + 1);
  }
}

ContentFacts inspect(std::string_view content) {
  ContentInspector inspector;
  inspector.feed(content);
  return inspector.facts();
}

std::optional<CommandError> refusal(Flaw flaw) {
  switch (flaw) {
    case Flaw::none:
      return std::nullopt;
    case Flaw::bare_line_end:
      return CommandError{550, {5, 5, 2}, "Message refused: it has a CR or LF that is not part of a CRLF line end"};
    case Flaw::nul:
      return CommandError{550, {5, 6, 0}, "Message refused: it has a NUL character"};
  }
  return std::nullopt;
}

std::size_t DataDecoder::feed(std::string_view bytes, std::string& out) {
  std::size_t taken = 0;
  bool is_clean = flaw_ == Flaw::none;  // as far as is known
  while (taken < bytes.size() && state_ != State::complete) {
    if (is_clean && state_ == State::line_start) {
      const std::string_view lines = take_plain(bytes.substr(taken));  // many at once
      is_clean = !lines.empty() || bytes[taken] == '.';
      out.append(lines);
      taken += lines.size();
      if (!lines.empty()) continue;
    }
    if (state_ == State::line_start && bytes[taken] != '.') state_ = State::text;
    if (state_ == State::text) taken += take_text(bytes.substr(taken), out);
    if (taken < bytes.size()) take_control(bytes[taken++], out);
  }
  return taken;
}

std::string_view DataDecoder::take_plain(std::string_view bytes) {
  if (state_ != State::line_start || flaw_ != Flaw::none) return {};
  const std::string_view lines = lines_without_dot(bytes);
  if (!has_only_whole_lines(lines)) return {};
  octets_ += lines.size();
  return lines;
}

std::size_t DataDecoder::take_text(std::string_view bytes, std::string& out) {
  const std::size_t length = plain_length(bytes);
  append(bytes.substr(0, length), out);
  return length;
}

// RFC 5321 4.1.1.4, 4.5.2. Only a true CRLF makes the next octet the start of a line.
void DataDecoder::take_control(char octet, std::string& out) {
  if (state_ == State::line_start && octet == '.') {
    state_ = State::dot;
    return;
  }
  if (state_ == State::dot && octet == '\r') {
    state_ = State::dot_cr;
    return;
  }
  if (state_ == State::dot_cr && octet == '\n') {
    state_ = State::complete;
    return;
  }
  if (state_ == State::cr && octet == '\n') {
    append(kLineEnd, out);
    state_ = State::line_start;
    return;
  }
  if (state_ == State::cr || state_ == State::dot_cr || octet == '\n') note(Flaw::bare_line_end);
  if (octet == '\0') note(Flaw::nul);
  state_ = octet == '\r' ? State::cr : State::text;
  if (octet != '\r') append({&octet, 1}, out);
}

void DataDecoder::append(std::string_view content, std::string& out) {
  octets_ += content.size();
  if (flaw_ == Flaw::none) out.append(content);
}

void DataDecoder::note(Flaw flaw) {
  if (flaw_ == Flaw::none) flaw_ = flaw;
}

void LineEndNormaliser::feed(std::string_view text, std::string& out) {
  walk(
      text, after_cr_,
      [&](std::string_view piece) {
        append(piece, out);
        at_line_start_ = false;
      },
      [&] {
        append(kLineEnd, out);
        at_line_start_ = true;
      },
      [&] {
        if (!at_line_start_) append(" ", out);
      },
      [&] { flaw_ = Flaw::nul; });
}

void LineEndNormaliser::finish(std::string& out) {
  if (!at_line_start_) append(kLineEnd, out);
  at_line_start_ = true;
}

void LineEndNormaliser::append(std::string_view content, std::string& out) {
  inspector_.feed(content);
  out.append(content);
}

void DataEncoder::feed(std::string_view content, std::string& out) {
  if (at_line_start_ && !after_cr_) {
    const std::string_view lines = lines_without_dot(content);
    if (has_only_whole_lines(lines)) {  // nearly always
      out.append(lines);
      content.remove_prefix(lines.size());
    }
  }
  const auto on_text = [&](std::string_view piece) {
    // RFC 5321 4.5.2: a line that begins with a dot gets another one.
    if (at_line_start_ && piece.front() == '.') out.push_back('.');
    out.append(piece);
    at_line_start_ = false;
  };
  const auto on_line_end = [&] {
    out.append(kLineEnd);
    at_line_start_ = true;
  };
  const auto on_stray_cr = [&] {
    if (!at_line_start_) out.push_back(' ');
  };
  walk(content, after_cr_, on_text, on_line_end, on_stray_cr, [&] { on_text(std::string_view("\0", 1)); });
}

void DataEncoder::finish(std::string& out) {
  if (!at_line_start_) out.append(kLineEnd);
  out.append(".\r\n");
  *this = DataEncoder();
}

}  // namespace mxpress::proto
