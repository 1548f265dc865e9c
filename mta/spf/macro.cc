// Expands macros: see macro.h.
#include "mta/spf/macro.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <vector>

#include "proto/ascii.h"

namespace mxpress::mta::spf {
namespace {

constexpr std::string_view kDelimiters = ".-+,/_=";

// "%{d2r-}": letter d, two parts from the right, reversed, split at '-'.
struct Macro {
  char letter = 0;          // lower case
  bool is_escaped = false;  // written in upper case: the value is URL-escaped
  std::size_t parts = 0;    // 0: all
  bool is_reversed = false;
  std::string_view delimiters = ".";
};

// A piece of a macro string: a macro, or text without any.
struct Piece {
  std::optional<Macro> macro;
  std::string_view text;
};

// `text` is what is between the braces.
std::optional<Macro> macro_of(std::string_view text, MacroLetters letters) {
  if (text.empty()) return std::nullopt;
  Macro macro;
  macro.letter = proto::to_lower(text.front());
  macro.is_escaped = proto::is_upper(text.front());
  const std::string_view allowed = letters == MacroLetters::of_domains ? "slodiphv" : "slodiphvcrt";
  if (allowed.find(macro.letter) == allowed.npos) return std::nullopt;
  text.remove_prefix(1);
  std::size_t digits = 0;
  while (digits < text.size() && proto::is_digit(text[digits])) ++digits;
  if (digits > 0) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, macro.parts);
    if (error != std::errc()) macro.parts = std::string_view::npos;
    if (macro.parts == 0) return std::nullopt;  // RFC 7208 7.1: at least one part
    text.remove_prefix(digits);
  }
  if (!text.empty() && proto::to_lower(text.front()) == 'r') {
    macro.is_reversed = true;
    text.remove_prefix(1);
  }
  if (!std::all_of(text.begin(), text.end(), [](char c) { return kDelimiters.find(c) != kDelimiters.npos; })) return std::nullopt;
  if (!text.empty()) macro.delimiters = text;
  return macro;
}

bool is_literal(char c, MacroLetters letters) {
  return (c > ' ' && c < 0x7f && c != '%') || (c == ' ' && letters == MacroLetters::of_explanations);
}

// Removes the first piece of `text`. Nullopt: it is malformed.
std::optional<Piece> take_piece(std::string_view& text, MacroLetters letters) {
  Piece piece;
  if (text.front() != '%') {
    const auto end = std::min(text.find('%'), text.size());
    piece.text = text.substr(0, end);
    text.remove_prefix(end);
    if (!std::all_of(piece.text.begin(), piece.text.end(), [&](char c) { return is_literal(c, letters); })) return std::nullopt;
    return piece;
  }
  if (text.size() < 2) return std::nullopt;
  const char next = text[1];
  if (next == '{') {
    const auto end = text.find('}');
    if (end == text.npos) return std::nullopt;
    piece.macro = macro_of(text.substr(2, end - 2), letters);
    if (!piece.macro) return std::nullopt;
    text.remove_prefix(end + 1);
    return piece;
  }
  if (next != '%' && next != '_' && next != '-') return std::nullopt;
  piece.text = next == '%' ? "%" : next == '_' ? " " : "%20";
  text.remove_prefix(2);
  return piece;
}

// "192.0.2.3"; IPv6: 32 nibbles with dots between them.
std::string dotted(const dns::Address& address) {
  if (!address.is_v6) return address.to_string();
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string text;
  for (const std::uint8_t octet : address.bytes) {
    for (const int nibble : {octet >> 4, octet & 15}) {
      if (!text.empty()) text += '.';
      text += kDigits[nibble];
    }
  }
  return text;
}

std::string value_of(char letter, const MacroValues& values) {
  switch (letter) {
    case 's':
      return values.sender;
    case 'l':
      return values.local_part;
    case 'o':
      return values.sender_domain;
    case 'd':
      return values.domain;
    case 'i':
      return dotted(values.client);
    case 'p':
      return values.client_name;
    case 'v':
      return values.client.is_v6 ? "ip6" : "in-addr";
    case 'h':
      return values.helo;
    case 'c':
      return values.client.to_string();
    case 'r':
      return values.receiver;
    default:
      return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(values.now.time_since_epoch()).count());
  }
}

// RFC 7208 7.3: splits, reverses, takes parts from the right, joins with dots.
std::string transformed(std::string_view value, const Macro& macro) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = value.find_first_of(macro.delimiters);
    parts.push_back(value.substr(0, end));
    if (end == value.npos) break;
    value.remove_prefix(end + 1);
  }
  if (macro.is_reversed) std::reverse(parts.begin(), parts.end());
  const std::size_t first = macro.parts == 0 || macro.parts >= parts.size() ? 0 : parts.size() - macro.parts;
  std::string text;
  for (std::size_t i = first; i < parts.size(); ++i) text.append(i == first ? "" : ".").append(parts[i]);
  return text;
}

// RFC 3986 2.3: all but the unreserved characters.
std::string url_escaped(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (proto::is_alpha(c) || proto::is_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos) {
      escaped += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    escaped.append({'%', kDigits[octet >> 4], kDigits[octet & 15]});
  }
  return escaped;
}

}  // namespace

bool is_macro_string(std::string_view text, MacroLetters letters) {
  while (!text.empty())
    if (!take_piece(text, letters)) return false;
  return true;
}

bool ends_in_macro(std::string_view text) {
  bool is_macro = false;
  while (!text.empty()) {
    is_macro = text.front() == '%';
    if (!take_piece(text, MacroLetters::of_explanations)) return false;
  }
  return is_macro;
}

bool has_macro(std::string_view text, char letter) {
  while (!text.empty()) {
    const auto piece = take_piece(text, MacroLetters::of_explanations);
    if (!piece) return false;
    if (piece->macro && piece->macro->letter == letter) return true;
  }
  return false;
}

std::string expanded(std::string_view text, const MacroValues& values) {
  std::string result;
  while (!text.empty() && result.size() < kMostExpanded) {
    const auto piece = take_piece(text, MacroLetters::of_explanations);
    if (!piece) break;
    if (!piece->macro) {
      result += piece->text;
      continue;
    }
    const std::string value = transformed(value_of(piece->macro->letter, values), *piece->macro);
    result += piece->macro->is_escaped ? url_escaped(value) : value;
  }
  if (result.size() > kMostExpanded) result.resize(kMostExpanded);
  return result;
}

}  // namespace mxpress::mta::spf
