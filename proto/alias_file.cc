// Parses files of aliases.
#include "proto/alias_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::proto {
namespace {

using Kind = AliasTarget::Kind;

constexpr std::size_t kMaxName = 255;

struct LogicalLine {
  std::string text;
  std::uint32_t line = 0;  // where it begins
};

// Joins lines with their continuation lines.
class LineJoiner {
 public:
  explicit LineJoiner(std::string_view text) : rest_(text) {}

  // An empty text: a continuation line without a line before it, which is a mistake.
  std::optional<LogicalLine> next() {
    while (const auto line = next_physical()) {
      if (!is_blank(line->front())) return join(*line);
      if (std::exchange(is_first_, false)) return LogicalLine{"", number_};
    }
    return std::nullopt;
  }

 private:
  // Skips empty lines and comments.
  std::optional<std::string_view> next_physical() {
    while (!rest_.empty()) {
      const std::size_t end = std::min(rest_.find('\n'), rest_.size());
      std::string_view line = rest_.substr(0, end);
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++number_;
      while (line.ends_with('\r')) line.remove_suffix(1);
      const std::string_view text = trimmed(line);
      if (!text.empty() && text.front() != '#') return line;
    }
    return std::nullopt;
  }

  LogicalLine join(std::string_view first) {
    is_first_ = false;
    LogicalLine joined{std::string(first), number_};
    while (true) {
      const auto [rest, number] = std::pair(rest_, number_);
      const auto more = next_physical();
      if (more && is_blank(more->front())) {
        joined.text.append(*more);
        continue;
      }
      if (more) std::tie(rest_, number_) = std::pair(rest, number);
      return joined;
    }
  }

  std::string_view rest_;
  std::uint32_t number_ = 0;
  bool is_first_ = true;
};

void complain(std::vector<AliasMistake>& mistakes, std::uint32_t line, std::string text) {
  if (mistakes.size() < kMostMistakes) return mistakes.push_back({line, std::move(text)});
  if (mistakes.size() == kMostMistakes) mistakes.push_back({line, "here and below there are more mistakes"});
}

void complain_of(std::vector<AliasMistake>& mistakes, const AliasTargets& targets) {
  for (const AliasTarget& target : targets)
    if (target.kind == Kind::mistake) complain(mistakes, target.line, target.text);
}

// The position of the colon behind the name; npos if there is none.
std::size_t end_of_name(std::string_view text) {
  bool in_quotes = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      in_quotes = !in_quotes;
    } else if (text[at] == ':' && !in_quotes) {
      return at;
    }
  }
  return text.npos;
}

// The name without quotes. Empty: it is not a name.
std::string plain_name(std::string_view text) {
  const bool is_quoted = text.size() >= 2 && text.front() == '"';
  if (is_quoted && text.back() != '"') return {};
  if (!is_quoted && text.find_first_of(" \t\"@,<>()|") != text.npos) return {};
  std::string name;
  for (std::size_t at = is_quoted ? 1 : 0; at + (is_quoted ? 1 : 0) < text.size(); ++at) {
    if (text[at] == '"') return {};
    if (text[at] == '\\' && at + 1 < text.size()) ++at;
    name.push_back(text[at]);
  }
  const bool is_printable = std::none_of(name.begin(), name.end(), [](char c) { return is_control(c) || is_eight_bit(c); });
  return is_printable && name.size() <= kMaxName ? lower_case(name) : std::string();
}

void read_alias(const LogicalLine& line, AliasTable& table) {
  const auto wrong = [&](std::string text) { complain(table.mistakes, line.line, std::move(text)); };
  if (line.text.empty()) return wrong("a line that begins with a blank continues the one before, and there is none");
  const std::size_t colon = end_of_name(line.text);
  if (colon == std::string::npos) return wrong("has no colon: an alias is written as \"name: target, target\"");
  const std::string_view text = trimmed(std::string_view(line.text).substr(0, colon));
  const std::string name = plain_name(text);
  const std::string shown = "\"" + printable(text, 100) + "\"";
  if (name.empty()) return wrong(shown + " is no name of a user: write what stands before the @, in quotes if it has blanks");
  auto targets = parse_alias_targets(std::string_view(line.text).substr(colon + 1), line.line);
  if (targets.empty()) return wrong(shown + " has no target");
  complain_of(table.mistakes, targets);
  if (!table.names.try_emplace(name, std::move(targets)).second) wrong(shown + " is there twice; the first one holds");
}

}  // namespace

AliasTable parse_alias_file(std::string_view text) {
  AliasTable table;
  LineJoiner lines(text);
  while (const auto line = lines.next()) read_alias(*line, table);
  return table;
}

AliasList parse_alias_list(std::string_view text) {
  AliasList list;
  std::uint32_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    for (AliasTarget& target : parse_alias_targets(line, number)) list.targets.push_back(std::move(target));
  }
  complain_of(list.mistakes, list.targets);
  return list;
}

}  // namespace mxpress::proto
