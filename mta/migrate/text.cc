// Splits the text of configuration files.
#include "mta/migrate/text.h"

#include <charconv>

#include "proto/ascii.h"

namespace mxpress::mta::migrate {

std::vector<TextLine> lines_of(std::string_view text) {
  std::vector<TextLine> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back({lines.size() + 1, std::string(text.substr(0, end))});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<TextLine> joined_lines(std::string_view text) {
  std::vector<TextLine> joined;
  for (TextLine& line : lines_of(text)) {
    const std::string_view content = proto::trimmed(line.text);
    if (content.empty() || content.front() == '#') continue;
    if (proto::is_blank(line.text.front()) && !joined.empty())
      joined.back().text.append(" ").append(content);
    else
      joined.push_back({line.number, std::string(content)});
  }
  return joined;
}

std::vector<std::string> words_of(std::string_view text, std::string_view separators) {
  std::vector<std::string> words;
  for (auto begin = text.find_first_not_of(separators); begin != text.npos; begin = text.find_first_not_of(separators)) {
    text.remove_prefix(begin);
    const auto end = std::min(text.find_first_of(separators), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

std::optional<std::vector<std::string>> shell_words(std::string_view text) {
  std::vector<std::string> words;
  bool is_in_word = false;
  char quote = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quote == 0 && (proto::is_blank(c) || c == '\r' || c == '\n')) {
      is_in_word = false;
      continue;
    }
    if (!is_in_word) words.emplace_back();
    is_in_word = true;
    const bool is_escape = c == '\\' && quote != '\'' && at + 1 < text.size() &&
                           (quote == 0 || std::string_view("\"\\$`").find(text[at + 1]) != std::string_view::npos);
    if (is_escape)
      words.back() += text[++at];
    else if (c == quote)
      quote = 0;
    else if (quote == 0 && (c == '"' || c == '\''))
      quote = c;
    else
      words.back() += c;
  }
  return quote == 0 ? std::optional(std::move(words)) : std::nullopt;
}

std::optional<std::string> value_in_aliases(std::string_view text, std::string_view name) {
  for (const TextLine& line : joined_lines(text)) {
    const auto colon = line.text.find(':');
    if (colon == line.text.npos || !proto::equal_in_any_case(proto::trimmed(std::string_view(line.text).substr(0, colon)), name)) continue;
    return std::string(proto::trimmed(std::string_view(line.text).substr(colon + 1)));
  }
  return std::nullopt;
}

std::optional<std::uint16_t> port_of(std::string_view text) {
  if (text == "smtp") return 25;
  if (text == "submission") return 587;
  if (text == "smtps" || text == "submissions" || text == "ssmtp") return 465;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::string first_line(std::string_view text) { return std::string(proto::trimmed(text.substr(0, text.find('\n')))); }

}  // namespace mxpress::mta::migrate
