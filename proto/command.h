// SMTP commands: reads those of clients, and writes ours as a client. RFC 5321 4.1, RFC 1870, RFC 6152, RFC 3461.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "proto/envelope.h"
#include "proto/mailbox.h"
#include "proto/status.h"

namespace mxpress::proto {

// The longest command line that a server reads, with CRLF: 512 (RFC 5321 4.5.3.1.4) and additions of extensions. Longer: 500 5.5.2.
inline constexpr std::size_t kMaxCommandLine = 2048;

enum class Verb { unknown, helo, ehlo, mail, rcpt, data, rset, noop, quit, vrfy, expn, help, starttls, auth, bdat };

struct Command {
  Verb verb = Verb::unknown;
  std::string_view argument;  // a part of the line: the text behind the verb, without spaces around it; as received, not cleaned
};

// The reply to a wrong command: format_reply(error.code, error.status, error.text). The text is ours, never the client's.
struct CommandError {
  int code = 0;
  EnhancedStatus status;
  std::string text;
};

// A T or the CommandError to answer with. Reading the value of a failed one is a bug and throws std::bad_variant_access.
template <class T>
class [[nodiscard]] CommandResult {
 public:
  CommandResult(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  CommandResult(CommandError error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  const T& value() const { return std::get<0>(state_); }
  T& value() { return std::get<0>(state_); }
  const T& operator*() const { return value(); }
  T& operator*() { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }
  const CommandError& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, CommandError> state_;
};

struct MailParameters {
  std::optional<std::uint64_t> size;  // RFC 1870 6
  std::optional<BodyType> body;       // RFC 6152 2
  Return ret = Return::unspecified;   // RFC 3461 4.3
  std::string envid{};                // xtext, at most 100 octets; empty: not given. RFC 3461 4.4
  bool require_tls = false;           // RFC 8689 2
};

struct RcptParameters {
  Notify notify;                     // RFC 3461 4.1
  std::string original_recipient{};  // "rfc822;" and xtext, at most 500 octets; empty: not given. RFC 3461 4.2
};

struct MailArguments {
  ReversePath reverse_path;
  MailParameters parameters;
};

// The syntax of addresses. smtp: in angle brackets, with domain (except <Postmaster>, RFC 5321 4.5.1). submission: bare addresses too, and
// addresses without domain, which `default_domain` completes.
enum class AddressForm { smtp, submission };

struct AddressRules {
  Domain default_domain;
  AddressForm form = AddressForm::smtp;
};

// One line, with or without its CRLF; verbs in any case (RFC 5321 2.4). Every line is some command: at worst `unknown`.
Command parse_command(std::string_view line);

// The argument of HELO or EHLO, cleaned for logs and Received. Some hosts send odd names, so only an empty or over-long one is refused.
CommandResult<std::string> parse_hello_argument(std::string_view argument);
// "FROM:<a@b> SIZE=10 ..." and "TO:<a@b> NOTIFY=NEVER ...", in any case. A source route is read and dropped (RFC 5321 appendix C), a space
// after the colon is tolerated. Errors: 501 5.5.4 (syntax, a parameter given twice, a malformed value), 555 5.5.4 (a parameter or value
// that we do not offer), 501 5.1.7 (bad sender), 501 5.1.3 (bad recipient), 553 5.6.7 (8-bit local part).
CommandResult<MailArguments> parse_mail_arguments(std::string_view argument, const AddressRules& rules);
CommandResult<Recipient> parse_rcpt_arguments(std::string_view argument, const AddressRules& rules);

// "MAIL FROM:<a@b> SIZE=10 BODY=8BITMIME RET=HDRS ENVID=x" and "RCPT TO:<a@b> NOTIFY=FAILURE ORCPT=rfc822;a@b", with CRLF: no space after
// the colon, angle brackets. Set only parameters that the server offers. An envid or original recipient that is malformed or too long (from
// an old spool, say) is left out: a line never holds anything but its command and stays below kMaxCommandLine.
std::string format_mail(const ReversePath& reverse_path, const MailParameters& parameters);
std::string format_rcpt(const Mailbox& recipient, const RcptParameters& parameters);

}  // namespace mxpress::proto
