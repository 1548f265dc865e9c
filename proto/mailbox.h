// Mailboxes and paths of the envelope. RFC 5321 4.1.2.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "proto/domain.h"
#include "proto/result.h"

namespace mxpress::proto {

// local-part@domain. The local part keeps its case; it is quoted only if it is not a dot-string (RFC 5321 4.1.2).
class Mailbox {
 public:
  // "user@example.org" or "\"odd user\"@example.org", without angle brackets. Needless quotes are removed; a dot at the start, at the end
  // or behind another one gets quotes, because hosts have such mailboxes. Refuses local parts over 900 octets, control characters, 8-bit in
  // the local part, and everything else that RFC 5321's grammar does not allow.
  static Result<Mailbox> parse(std::string_view text);
  // Like parse(), but a text without @ gets `default_domain`. RFC 6409 8.1 (submission only).
  static Result<Mailbox> parse_qualifying(std::string_view text, const Domain& default_domain);
  // The mailbox of a local user, whose login name may hold anything except control and 8-bit characters: "CORP\jane", "jane@corp".
  static Result<Mailbox> of_user(std::string_view login, const Domain& domain);

  const std::string& local_part() const { return local_part_; }
  // The value of the local part, without quotes.
  std::string plain_local_part() const;
  const Domain& domain() const { return domain_; }
  std::string to_string() const;
  // "<user@example.org>"
  std::string in_brackets() const;

  auto operator<=>(const Mailbox&) const = default;

 private:
  Mailbox(std::string local_part, Domain domain) : local_part_(std::move(local_part)), domain_(std::move(domain)) {}
  std::string local_part_;
  Domain domain_;
};

// The path without "@one.example,@two.example:" in front; nullopt if that part is malformed. RFC 5321 appendix C: source routes are
// accepted and ignored.
std::optional<std::string_view> without_source_route(std::string_view path);

// The sender of the envelope: a mailbox, or null "<>" (RFC 5321 4.5.5).
class ReversePath {
 public:
  ReversePath() = default;  // the null reverse-path
  explicit ReversePath(Mailbox mailbox) : mailbox_(std::move(mailbox)) {}

  bool is_null() const { return !mailbox_; }
  const Mailbox& mailbox() const { return mailbox_.value(); }
  // Without angle brackets; empty for the null path.
  std::string to_string() const { return mailbox_ ? mailbox_->to_string() : std::string(); }
  std::string in_brackets() const { return mailbox_ ? mailbox_->in_brackets() : "<>"; }

  auto operator<=>(const ReversePath&) const = default;

 private:
  std::optional<Mailbox> mailbox_;
};

}  // namespace mxpress::proto
