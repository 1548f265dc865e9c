// Parses mailboxes by the grammar of RFC 5321 4.1.2.
#include "proto/mailbox.h"

#include <algorithm>

#include "proto/ascii.h"
#include "proto/domain_syntax.h"
#include "proto/local_part.h"

namespace mxpress::proto {
namespace {

// RFC 5321 4.5.3.1.1 gives the minimum to accept: 64 octets. VERP and confirmation tokens are longer. The limit keeps RCPT with its domain
// and its parameters within kMaxCommandLine.
constexpr std::size_t kMaxLocalPart = 900;

bool is_dot_string(std::string_view text) {
  if (text.empty() || text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_atext(c) || c == '.'; });
}

// The value of the quoted-string. RFC 5321 4.1.2: the backslash in front of a character is not part of it.
std::string without_quotes(std::string_view quoted) {
  std::string plain;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    if (quoted[i] == '\\') ++i;
    plain.push_back(quoted[i]);
  }
  return plain;
}

std::string in_quotes(std::string_view plain) {
  std::string quoted = "\"";
  for (const char c : plain) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + '"';
}

// Quotes only where the text needs them: receivers refuse needless ones, and each mailbox must have one form.
std::string canonical_local_part(std::string_view text) {
  if (text.front() != '"' && is_dot_string(text)) return std::string(text);
  std::string plain = text.front() == '"' ? without_quotes(text) : std::string(text);
  return is_dot_string(plain) ? plain : in_quotes(plain);
}

Error malformed(const char* why) { return Error::permanent(std::string("not a mail address: ") + why); }

}  // namespace

Result<Mailbox> Mailbox::parse(std::string_view text) {
  const std::size_t length = local_part_length(text);
  if (length == 0) return malformed("malformed part before the @");
  if (length > kMaxLocalPart) return malformed("over 900 octets before the @");
  if (length == text.size()) return malformed("no @");
  if (text[length] != '@') return malformed("character that is not allowed before the @");
  auto domain = Domain::parse(text.substr(length + 1));
  if (!domain) return domain.error();
  return Mailbox(canonical_local_part(text.substr(0, length)), *std::move(domain));
}

Result<Mailbox> Mailbox::parse_qualifying(std::string_view text, const Domain& default_domain) {
  const std::size_t length = local_part_length(text);
  if (length == 0 || length < text.size()) return parse(text);
  if (length > kMaxLocalPart) return malformed("over 900 octets before the @");
  return Mailbox(canonical_local_part(text), default_domain);
}

Result<Mailbox> Mailbox::of_user(std::string_view login, const Domain& domain) {
  if (login.empty() || std::any_of(login.begin(), login.end(), [](char c) { return is_control(c) || is_eight_bit(c); }))
    return malformed("a user name with characters that no address may hold");
  return parse_qualifying(in_quotes(login), domain);
}

std::string Mailbox::plain_local_part() const { return local_part_.front() == '"' ? without_quotes(local_part_) : local_part_; }

// RFC 5321 appendix C: a route is ignored, so its names are not converted, which would cost far more than reading them.
std::optional<std::string_view> without_source_route(std::string_view path) {
  while (!path.empty() && path.front() == '@') {
    const bool is_literal = path.size() > 1 && path[1] == '[';
    const auto end = path.find_first_of(",:", is_literal ? path.find(']') : 0);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view domain = path.substr(1, end - 1);
    if (!(is_literal ? Domain::parse(domain).ok() : has_name_syntax(domain))) return std::nullopt;
    const bool last = path[end] == ':';
    path.remove_prefix(end + 1);
    if (last) return path;
  }
  return path;
}

std::string Mailbox::to_string() const {
  std::string text;
  text.reserve(local_part_.size() + 1 + domain_.text().size());
  return text.append(local_part_).append("@").append(domain_.text());
}

std::string Mailbox::in_brackets() const {
  std::string text;
  text.reserve(local_part_.size() + 3 + domain_.text().size());
  return text.append("<").append(local_part_).append("@").append(domain_.text()).append(">");
}

}  // namespace mxpress::proto
