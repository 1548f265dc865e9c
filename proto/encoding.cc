// Transfer encodings: base64 and quoted-printable.
#include "proto/encoding.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kHex = "0123456789ABCDEF";
constexpr std::size_t kMaxLine = 76;
constexpr std::size_t kOctetsPerLine = 57;
constexpr std::size_t kLookAhead = 5;        // octets that decide how an octet is quoted: "From "
constexpr std::size_t kPiece = 16 * 1024;    // octets that are encoded at a time
constexpr std::size_t kLongestSequence = 4;  // octets. RFC 3629 3
constexpr std::size_t kMaxWord = 75;         // octets of an encoded-word. RFC 2047 2
constexpr std::size_t kEscape = 3;           // octets: "=C3"

void append_group(std::string_view group, std::string& out) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0);
  const char digits[] = {kBase64[bits >> 18 & 63], kBase64[bits >> 12 & 63], group.size() > 1 ? kBase64[bits >> 6 & 63] : '=',
                         group.size() > 2 ? kBase64[bits & 63] : '='};
  out.append(digits, sizeof digits);
}

bool is_line_end(std::string_view text, std::size_t at) { return at + 1 < text.size() && text[at] == '\r' && text[at + 1] == '\n'; }

// True if this octet of the text must be encoded.
bool must_encode(std::string_view text, std::size_t at, std::size_t column) {
  const char c = text[at];
  if (is_blank(c)) return at + 1 == text.size() || is_line_end(text, at + 1);
  if (is_control(c) || is_eight_bit(c) || c == '=') return true;
  const std::string_view rest = text.substr(at, kLookAhead);
  return column == 0 && (c == '.' || rest.starts_with("From ") || rest.starts_with("--"));
}

// The high bit of each octet that is a control character, '=', DEL or 8-bit.
std::uint64_t special_octets(std::uint64_t octets) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  constexpr std::uint64_t kHigh = 0x80 * kEach;
  const auto equal_to = [&](std::uint64_t c) {
    const std::uint64_t difference = octets ^ (c * kEach);
    return ~(((difference & ~kHigh) + ~kHigh) | difference) & kHigh;
  };
  const std::uint64_t below_space = ~((octets & ~kHigh) + 0x60 * kEach) & kHigh;
  return (octets & kHigh) | below_space | equal_to('=') | equal_to(0x7F);
}

// The number of octets from here on, at most `max`, that need no encoding except at the start of a line or, if blank, at its end.
std::size_t plain_run(std::string_view text, std::size_t at, std::size_t max) {
  std::size_t length = 0;
  for (; length + 8 <= max; length += 8) {
    std::uint64_t octets;
    std::memcpy(&octets, text.data() + at + length, sizeof octets);
    if (special_octets(octets) != 0) break;
  }
  const auto is_plain = [](char c) { return !is_control(c) && !is_eight_bit(c) && c != '='; };
  while (length < max && is_plain(text[at + length])) ++length;
  return length;
}

// "=XX" for each octet, padded by one octet so that one instruction copies it.
constexpr auto kQuoted = [] {
  std::array<std::array<char, 4>, 256> quoted{};
  for (std::size_t octet = 0; octet < quoted.size(); ++octet) quoted[octet] = {'=', kHex[octet >> 4], kHex[octet & 15], ' '};
  return quoted;
}();

// Encodes the 8-bit octets from here on that fit into the line. Returns their number.
std::size_t append_eight_bit(std::string_view text, std::size_t at, std::size_t column, std::string& out) {
  char encoded[kMaxLine + 1];
  const std::size_t most = std::min(text.size() - at, (kMaxLine - 1 - column) / 3);
  std::size_t count = 0;
  for (; count < most && is_eight_bit(text[at + count]); ++count) {
    std::memcpy(encoded + 3 * count, kQuoted[static_cast<unsigned char>(text[at + count])].data(), 4);
  }
  out.append(encoded, 3 * count);
  return count;
}

// Encodes one octet, behind a soft line break where it needs one.
void append_octet(std::string_view text, std::size_t at, std::size_t& column, std::string& out) {
  if (column + (must_encode(text, at, column) ? 3 : 1) > kMaxLine - 1) {
    out.append("=\r\n");
    column = 0;
  }
  const bool encode = must_encode(text, at, column);
  encode ? out.append(kQuoted[static_cast<unsigned char>(text[at])].data(), 3) : out.append(1, text[at]);
  column += encode ? 3 : 1;
}

// Encodes the octets before `end` (and a line end that reaches beyond it); later text is only looked at. Returns how many were taken.
std::size_t append_quoted(std::string_view text, std::size_t end, std::size_t& column, std::string& out) {
  std::size_t at = 0;
  while (at < end) {
    if (is_line_end(text, at)) {
      out.append("\r\n");
      column = 0;
      at += 2;
      continue;
    }
    // One column is reserved for the '=' of a soft line break.
    std::size_t run = column == 0 ? 0 : plain_run(text, at, std::min(kMaxLine - 1 - column, end - at));
    if (run > 0 && must_encode(text, at + run - 1, column)) --run;  // a blank at the end of its line
    out.append(text, at, run);
    column += run;
    at += run;
    if (run > 0) continue;
    const std::size_t encoded = append_eight_bit(text.substr(0, end), at, column, out);
    column += 3 * encoded;
    at += encoded;
    if (encoded == 0) append_octet(text, at++, column, out);
  }
  return at;
}

// Octets before the first that is not ASCII, or at least most of them.
std::size_t ascii_length(std::string_view text) {
  constexpr std::uint64_t kHigh = 0x8080808080808080;
  std::size_t length = 0;
  for (std::uint64_t octets = 0; length + sizeof octets <= text.size(); length += sizeof octets) {
    std::memcpy(&octets, text.data() + length, sizeof octets);
    if ((octets & kHigh) != 0) break;
  }
  return length;
}

// The value of a digit; -1 if it is not one.
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The octet that "C3" encodes.
std::optional<char> octet_of(std::string_view digits) {
  if (digits.size() != 2 || hex_value(digits[0]) < 0 || hex_value(digits[1]) < 0) return std::nullopt;
  return static_cast<char>(hex_value(digits[0]) << 4 | hex_value(digits[1]));
}

// The number of octets of the next encoded-word: as many as fit, without splitting a character of UTF-8.
std::size_t word_length(std::string_view text, std::size_t max, bool is_utf8) {
  if (text.size() <= max) return text.size();
  const auto is_inside = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  for (std::size_t length = max; is_utf8 && length + kLongestSequence > max; --length) {
    if (!is_inside(length)) return length;
  }
  return max;
}

}  // namespace

std::string base64(std::string_view octets) {
  std::string out;
  out.reserve((octets.size() + 2) / 3 * 4);
  for (; !octets.empty(); octets.remove_prefix(std::min<std::size_t>(3, octets.size()))) append_group(octets.substr(0, 3), out);
  return out;
}

std::string base64_lines(std::string_view octets) {
  std::string out;
  out.reserve(octets.size() / 3 * 4 + octets.size() / kOctetsPerLine * 2 + 8);
  Base64LineEncoder encoder;
  encoder.feed(octets, out);
  encoder.finish(out);
  return out;
}

std::string quoted_printable(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  QuotedPrintableEncoder encoder;
  encoder.feed(text, out);
  encoder.finish(out);
  return out;
}

std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (at(1) < low || at(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (at(i) < 0x80 || at(i) > 0xBF) return 0;
  }
  return length;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::string> decoded_base64(std::string_view text) {
  const auto padding = text.find('=');
  if (padding != std::string_view::npos && text.find_first_not_of('=', padding) != std::string_view::npos) return std::nullopt;
  std::string octets;
  octets.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, padding)) {
    const auto value = kBase64.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    octets.push_back(static_cast<char>(bits >> count));
  }
  return octets;
}

std::string decoded_q(std::string_view text) {
  std::string octets;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet = text[at] == '=' ? octet_of(text.substr(at + 1, 2)) : std::nullopt;
    octets.push_back(octet ? *octet : text[at] == '_' ? ' ' : text[at]);
    if (octet) at += 2;
  }
  return octets;
}

std::string encoded_words(std::string_view text, std::string_view charset) {
  constexpr std::size_t kAround = 7;  // octets around the name and the text
  const std::size_t room = kMaxWord - std::min(kMaxWord, kAround + charset.size());
  const std::size_t octets = std::max<std::size_t>(room / 8 * 6, 12);  // an even number: many characters have two
  const bool is_utf8 = starts_in_any_case(charset, "utf-8");
  std::string words;
  while (!text.empty()) {
    const std::size_t length = word_length(text, octets, is_utf8);
    if (!words.empty()) words.append("\r\n ");
    words.append("=?").append(charset).append("?B?").append(base64(text.substr(0, length))).append("?=");
    text.remove_prefix(length);
  }
  return words;
}

void QuotedPrintableEncoder::feed(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, kPiece);
    text.remove_prefix(piece.size());
    waiting_.append(piece);
    if (waiting_.size() <= kLookAhead) continue;
    waiting_.erase(0, append_quoted(waiting_, waiting_.size() - kLookAhead, column_, out));
  }
}

void QuotedPrintableEncoder::finish(std::string& out) {
  append_quoted(waiting_, waiting_.size(), column_, out);
  *this = QuotedPrintableEncoder();
}

void QuotedPrintableDecoder::feed(std::string_view text, std::string& out) {
  while (!text.empty()) {
    if (waiting_.empty()) {
      const auto equals = std::min(text.find('='), text.size());
      out.append(text.substr(0, equals));
      text.remove_prefix(equals);
      if (text.empty()) return;
    }
    const std::size_t size = std::min(kEscape - waiting_.size(), text.size());
    waiting_.append(text.substr(0, size));
    text.remove_prefix(size);
    if (waiting_.size() == kEscape) end_escape(out);
  }
}

void QuotedPrintableDecoder::end_escape(std::string& out) {
  const std::string_view rest = std::string_view(waiting_).substr(1);
  const auto octet = octet_of(rest);
  if (octet) out.push_back(*octet);
  if (octet || rest == "\r\n") {
    ++escapes_;
    waiting_.clear();
    return;
  }
  has_flaw_ = true;
  const std::string stands_for_itself = std::exchange(waiting_, {});
  out.push_back('=');
  feed(std::string_view(stands_for_itself).substr(1), out);
}

void QuotedPrintableDecoder::finish(std::string& out) {
  if (waiting_.size() > 1) out.append(waiting_);  // a '=' at the very end is a soft line break
  *this = QuotedPrintableDecoder();
}

void Base64LineEncoder::feed(std::string_view octets, std::string& out) {
  const auto append_line = [&](std::string_view line) {
    for (std::size_t i = 0; i < kOctetsPerLine; i += 3) append_group(line.substr(i, 3), out);
    out.append("\r\n");
  };
  while (waiting_.size() + octets.size() >= kOctetsPerLine) {
    const std::size_t taken = kOctetsPerLine - waiting_.size();
    if (waiting_.empty()) {
      append_line(octets.substr(0, taken));
    } else {
      append_line(waiting_.append(octets.substr(0, taken)));
      waiting_.clear();
    }
    octets.remove_prefix(taken);
  }
  waiting_.append(octets);
}

void Base64LineEncoder::finish(std::string& out) {
  if (!waiting_.empty()) out.append(base64(waiting_)).append("\r\n");
  waiting_.clear();
}

void Base64Rewrapper::feed(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (is_blank(c) || c == '\r' || c == '\n') continue;
    out.push_back(c);
    if (++column_ < kMaxLine) continue;
    out.append("\r\n");
    column_ = 0;
  }
}

void Base64Rewrapper::finish(std::string& out) {
  if (column_ > 0) out.append("\r\n");
  column_ = 0;
}

void Utf8Check::feed(std::string_view text) {
  // Completes a sequence that was split between two pieces.
  while (good_ && !waiting_.empty() && !text.empty()) {
    waiting_.push_back(text.front());
    text.remove_prefix(1);
    if (is_utf8(waiting_)) {
      waiting_.clear();
    } else {
      good_ = waiting_.size() < kLongestSequence;
    }
  }
  while (good_ && !text.empty()) {
    text.remove_prefix(ascii_length(text));
    if (text.empty()) return;
    const std::size_t length = utf8_length(text);
    if (length > 0) {
      text.remove_prefix(length);
      continue;
    }
    good_ = text.size() < kLongestSequence;
    waiting_ = text.substr(0, kLongestSequence);
    text = {};
  }
}

}  // namespace mxpress::proto
