// Parses mailboxes by the grammar of RFC 5321 4.1.2.
#include "proto/mailbox.h"

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxLocalPart = 64;  // RFC 5321 4.5.3.1.1

// Octets of the dot-string at the start of the text; 0 if there is none.
std::size_t dot_string_length(std::string_view text) {
  std::size_t length = 0;
  while (length < text.size() && (is_atext(text[length]) || text[length] == '.')) {
    const bool after_dot = length == 0 || text[length - 1] == '.';
    if (text[length] == '.' && after_dot) return 0;
    ++length;
  }
  return length > 0 && text[length - 1] == '.' ? 0 : length;
}

// Octets of the quoted-string at the start of the text, with its quotes; 0 if it is malformed.
std::size_t quoted_string_length(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (is_control(text[i]) || is_eight_bit(text[i])) return 0;
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\' && (++i == text.size() || is_control(text[i]) || is_eight_bit(text[i]))) return 0;
  }
  return 0;
}

std::size_t local_part_length(std::string_view text) {
  if (text.empty()) return 0;
  return text.front() == '"' ? quoted_string_length(text) : dot_string_length(text);
}

Error malformed(const char* why) { return Error::permanent(std::string("not a mail address: ") + why); }

}  // namespace

Result<Mailbox> Mailbox::parse(std::string_view text) {
  const std::size_t length = local_part_length(text);
  if (length == 0) return malformed("malformed part before the @");
  if (length > kMaxLocalPart) return malformed("over 64 octets before the @");
  if (length == text.size()) return malformed("no @");
  if (text[length] != '@') return malformed("character that is not allowed before the @");
  auto domain = Domain::parse(text.substr(length + 1));
  if (!domain) return domain.error();
  return Mailbox(std::string(text.substr(0, length)), *std::move(domain));
}

Result<Mailbox> Mailbox::parse_qualifying(std::string_view text, const Domain& default_domain) {
  const std::size_t length = local_part_length(text);
  if (length == 0 || length < text.size()) return parse(text);
  if (length > kMaxLocalPart) return malformed("over 64 octets before the @");
  return Mailbox(std::string(text), default_domain);
}

std::optional<std::string_view> without_source_route(std::string_view path) {
  while (!path.empty() && path.front() == '@') {
    const auto literal_end = path.size() > 1 && path[1] == '[' ? path.find(']') : 0;
    const auto end = path.find_first_of(",:", literal_end);
    if (end == std::string_view::npos || !Domain::parse(path.substr(1, end - 1))) return std::nullopt;
    const bool last = path[end] == ':';
    path.remove_prefix(end + 1);
    if (last) return path;
  }
  return path;
}

}  // namespace mxpress::proto
