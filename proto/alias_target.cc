// Reads lists of alias targets.
#include "proto/alias_target.h"

#include <algorithm>
#include <iterator>

#include "proto/address_list.h"
#include "proto/ascii.h"
#include "proto/mailbox.h"
#include "proto/printable.h"

namespace mxpress::proto {
namespace {

using Kind = AliasTarget::Kind;

constexpr std::string_view kInclude = ":include:";
constexpr std::string_view kDevNull = "/dev/null";
constexpr std::size_t kShown = 100;
constexpr std::size_t kMostWords = 300;  // octets of what a sender is told

struct SpecialWord {
  std::string_view word;
  Kind kind;
};
constexpr SpecialWord kSpecialWords[] = {{":fail:", Kind::fail}, {":defer:", Kind::defer}, {":blackhole:", Kind::blackhole}};

// At the start of an item; null: there is none.
const SpecialWord* special_word(std::string_view item) {
  const auto found = std::find_if(std::begin(kSpecialWords), std::end(kSpecialWords),
                                  [item](const SpecialWord& one) { return starts_in_any_case(item, one.word); });
  return found == std::end(kSpecialWords) ? nullptr : found;
}

// The only target of an alias that has it.
bool is_verdict(Kind kind) { return kind == Kind::fail || kind == Kind::defer; }

std::string quoted(std::string_view text) { return "\"" + printable(text, kShown) + "\""; }

AliasTarget mistake(std::string words) { return {Kind::mistake, std::move(words)}; }

// The position behind the closing quote; npos if there is none.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.npos;
}

// The text of a complete quoted string, without its quotes.
std::string unquoted(std::string_view text) {
  std::string plain;
  for (std::size_t at = 1; at + 1 < text.size(); ++at) {
    if (text[at] == '\\' && at + 2 < text.size()) ++at;
    plain.push_back(text[at]);
  }
  return plain;
}

// The length of the first item: up to a comma outside quotes, comments and brackets.
std::size_t end_of_item(std::string_view text) {
  std::size_t comments = 0;
  bool in_brackets = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\\') {
      ++at;
    } else if (c == '"' && comments == 0) {
      at = skip_quoted(text, at);
      if (at == text.npos) return text.size();
      --at;
    } else if (c == '(') {
      ++comments;
    } else if (c == ')' && comments > 0) {
      --comments;
    } else if (c == '<' || c == '>') {
      in_brackets = c == '<' && comments == 0;
    } else if (c == ',' && comments == 0 && !in_brackets) {
      return at;
    }
  }
  return text.size();
}

Domain any_domain() { return Domain::parse("localhost").value(); }

// `name`: an address, or the name of a user, without quotes around all of it.
AliasTarget address(Kind kind, std::string_view name) {
  auto mailbox = Mailbox::parse_qualifying(name, any_domain());
  if (mailbox) return {kind, std::string(name)};
  const bool is_user = name.find('@') == name.npos;
  const auto user = is_user ? Mailbox::of_user(name, any_domain()) : Result<Mailbox>(mailbox.error());
  if (user) return {kind, user->local_part()};
  return mistake(quoted(name) + " is no address: " + mailbox.error().message);
}

AliasTarget path(Kind kind, std::string_view name) {
  if (!name.starts_with('/')) return mistake(quoted(name) + " is no absolute path");
  if (std::any_of(name.begin(), name.end(), is_control) || name.size() > 4000) return mistake(quoted(name) + " is no path");
  return {kind, std::string(name)};
}

// Classifies an item that was quoted as a whole or has no quotes.
AliasTarget special_or_address(std::string_view item) {
  if (std::any_of(item.begin(), item.end(), [](char c) { return is_control(c) && c != '\t'; }))
    return mistake(quoted(item) + " has a control character");
  if (item.starts_with('|')) return {Kind::command, std::string(trimmed(item.substr(1)))};
  if (item == kDevNull) return {Kind::blackhole, {}};
  if (item.starts_with('/')) return path(Kind::file, item);
  if (const SpecialWord* special = special_word(item))
    return {special->kind, printable(trimmed(item.substr(special->word.size())), kMostWords)};
  if (starts_in_any_case(item, kInclude)) return path(Kind::include, trimmed(item.substr(kInclude.size())));
  if (item.starts_with(':'))
    return mistake(quoted(item) + ": of such words only :include:, :fail:, :defer: and :blackhole: are known here");
  if (item.starts_with('\\')) return address(Kind::final, item.substr(1));
  return address(Kind::address, item);
}

// An item with a name, a comment, or quotes around the local part.
AliasTarget spelled_out(std::string_view item) {
  const auto list = parse_address_list(item);
  if (!list) return mistake(quoted(item) + ": " + list.error().message);
  if (list->size() == 1) return address(Kind::address, list->front());
  return mistake(quoted(item) + (list->empty() ? " has no address" : " is no single address"));
}

AliasTarget parse_item(std::string_view item) {
  if (item.front() == '"' && skip_quoted(item, 0) == item.npos) return mistake(quoted(item) + " has no closing quote");
  if (item.front() == '"' && skip_quoted(item, 0) == item.size()) return special_or_address(trimmed(unquoted(item)));
  const bool is_special = std::string_view("|/:\\").find(item.front()) != std::string_view::npos;
  if (is_special || item.find_first_of("\"(<") == item.npos) {
    if (!is_special && std::any_of(item.begin(), item.end(), is_blank))
      return mistake(quoted(item) + " is no address; is a comma missing?");
    return special_or_address(item);
  }
  return spelled_out(item);
}

}  // namespace

AliasTargets parse_alias_targets(std::string_view list, std::uint32_t line) {
  AliasTargets targets;
  while (!list.empty()) {
    const SpecialWord* special = special_word(list.substr(std::min(list.find_first_not_of(" \t\n"), list.size())));
    const std::size_t end = special && is_verdict(special->kind) ? list.size() : end_of_item(list);
    if (const std::string_view item = trimmed(list.substr(0, end)); !item.empty()) {
      targets.push_back(parse_item(item));
      targets.back().line = line;
    }
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  const auto verdict = std::find_if(targets.begin(), targets.end(), [](const AliasTarget& one) { return is_verdict(one.kind); });
  if (verdict != targets.end()) targets = {AliasTarget(*verdict)};
  return targets;
}

std::string to_string(const AliasTarget& target) {
  switch (target.kind) {
    case Kind::final:
      return "\\" + target.text;
    case Kind::include:
      return std::string(kInclude) + target.text;
    case Kind::command:
      return "|" + target.text;
    case Kind::fail:
    case Kind::defer:
    case Kind::blackhole:
      for (const SpecialWord& one : kSpecialWords)
        if (one.kind == target.kind) return std::string(one.word) + (target.text.empty() ? "" : " ") + target.text;
      return {};
    default:
      return target.text;
  }
}

}  // namespace mxpress::proto
