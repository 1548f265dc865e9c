// Reads codes and words of replies.
#include "mta/replies/reply_text.h"

#include <algorithm>

#include "proto/ascii.h"

namespace mxpress::mta::replies {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool is_code(std::string_view text) {
  return text.size() == 3 && text[0] >= '2' && text[0] <= '5' && std::all_of(text.begin(), text.end(), proto::is_digit);
}

// The next word; empty at the end.
std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(kSpace)));
  const std::string_view word = rest.substr(0, rest.find_first_of(kSpace));
  rest.remove_prefix(word.size());
  return word;
}

// The status in "5.7.1" and "550-5.7.1".
std::optional<proto::EnhancedStatus> status_in(std::string_view word) {
  if (word.size() > 4 && is_code(word.substr(0, 3)) && word[3] == '-') word.remove_prefix(4);
  return proto::EnhancedStatus::parse(word);
}

// Takes a code, and an enhanced one, from the beginning of a line. `text` has none yet, or the same.
void take_codes(ReplyText& text, std::string_view& line) {
  std::string_view rest = line;
  std::string_view word = take_word(rest);
  const bool has_code = is_code(word.substr(0, 3)) && (word.size() == 3 || word[3] == '-');
  if (has_code) {
    const int code = (word[0] - '0') * 100 + (word[1] - '0') * 10 + (word[2] - '0');
    if (text.code != 0 && text.code != code) return;
    text.code = code;
    line = rest;
    if (word.size() > 4) line = std::string_view(word.data() + 4, rest.data() + rest.size());
    rest = line;
    word = take_word(rest);
  }
  const auto status = proto::EnhancedStatus::parse(word);
  if (!status || (text.status && text.status != status)) return;
  text.status = status;
  line = rest;
}

// The end of a quoted string that begins here (RFC 5321 4.1.2); npos: it has none.
std::size_t end_of_quoted(std::string_view line, std::size_t begin) {
  std::size_t at = begin + 1;
  while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2 : 1;
  return at < line.size() ? at + 1 : line.npos;
}

// The end of what must not be compared with rules, if it begins here; else `begin`.
std::size_t end_of_address(std::string_view line, std::size_t begin) {
  if (line[begin] == '"') {
    const std::size_t end = end_of_quoted(line, begin);
    return end < line.size() && line[end] == '@' ? std::min(line.find_first_of(" \t\r>", end), line.size()) : begin;
  }
  if (line[begin] != '<') return begin;
  const std::size_t end = line.find_first_of("<>\"", begin + 1);
  const bool has_end = end != line.npos && line[end] == '>';
  return has_end && line.substr(begin, end - begin).find('@') != line.npos ? end + 1 : begin;
}

// Linear: each look ahead ends at the next quote or bracket.
std::string without_addresses(std::string_view line) {
  std::string rest;
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = end_of_address(line, at);
    rest.push_back(end == at ? line[at] : '@');  // the word around it goes, too
    at = std::max(at + 1, end);
  }
  return rest;
}

void add_word(std::string& words, std::string_view word) {
  if (!words.empty()) words.push_back(' ');
  for (const char c : word) words.push_back(proto::to_lower(c));
}

}  // namespace

ReplyText reply_text(std::string_view reply) {
  ReplyText text;
  std::string_view rest = reply.substr(0, ReplyText::kMost);
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    take_codes(text, line);
    const std::string words = without_addresses(line);
    line = words;
    for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
      const bool repeats_status = text.status && status_in(word) == text.status;
      if (!repeats_status && word.find('@') == word.npos) add_word(text.words, word);
    }
  }
  return text;
}

}  // namespace mxpress::mta::replies
