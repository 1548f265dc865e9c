// Reads SMTP commands as a server and writes them as a client.
#include "proto/command.h"

#include <algorithm>
#include <charconv>

#include "proto/ascii.h"
#include "proto/printable.h"
#include "proto/xtext.h"

namespace mxpress::proto {
namespace {

constexpr std::size_t kMaxHello = 255;              // RFC 5321 4.5.3.1.2
constexpr std::size_t kMaxEnvid = 100;              // RFC 3461 4.4
constexpr std::size_t kMaxOriginalRecipient = 500;  // RFC 3461 4.2
constexpr std::size_t kMaxSizeDigits = 20;          // RFC 1870 3
constexpr std::size_t kMaxParameters = 16;          // of a command: more than we know, so more means that one is unknown

constexpr std::pair<std::string_view, Verb> kVerbs[] = {
    {"helo", Verb::helo}, {"ehlo", Verb::ehlo},         {"mail", Verb::mail}, {"rcpt", Verb::rcpt}, {"data", Verb::data},
    {"rset", Verb::rset}, {"noop", Verb::noop},         {"quit", Verb::quit}, {"vrfy", Verb::vrfy}, {"expn", Verb::expn},
    {"help", Verb::help}, {"starttls", Verb::starttls}, {"auth", Verb::auth}, {"bdat", Verb::bdat},
};

CommandError bad_syntax(std::string text) { return {501, {5, 5, 4}, std::move(text)}; }
CommandError bad_value(std::string_view keyword) { return bad_syntax("Malformed " + std::string(keyword) + " parameter"); }
CommandError not_offered() { return {555, {5, 5, 4}, "Parameter not recognized"}; }

enum class PathKind { reverse, forward };

CommandError bad_address(PathKind kind, const std::string& why) {
  return {501, {5, 1, kind == PathKind::reverse ? 7 : 3}, "Malformed address: " + why};
}

// "<...>" or a bare address, and the text behind it.
struct PathText {
  std::string_view address;
  bool in_brackets = false;
  std::string_view rest;
};

// Octets before the first of these characters outside of quotes.
std::size_t length_before(std::string_view text, std::string_view ends) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && ends.find(text[i]) != std::string_view::npos) {
      return i;
    }
  }
  return text.size();
}

std::optional<PathText> take_path(std::string_view text) {
  if (text.empty()) return std::nullopt;
  if (text.front() != '<') {
    const std::size_t length = length_before(text, " ");
    return PathText{text.substr(0, length), false, text.substr(length)};
  }
  const std::size_t length = length_before(text, ">");
  if (length == text.size()) return std::nullopt;
  const std::string_view rest = text.substr(length + 1);
  if (!rest.empty() && rest.front() != ' ') return std::nullopt;
  return PathText{text.substr(1, length - 1), true, rest};
}

CommandResult<Mailbox> parse_path_mailbox(const PathText& path, PathKind kind, const AddressRules& rules) {
  const bool lenient = rules.form == AddressForm::submission;
  if (!path.in_brackets && !lenient) return bad_address(kind, "angle brackets are missing");
  const auto address = without_source_route(path.address);
  if (!address) return bad_address(kind, "source route");
  const auto local_part = address->substr(0, address->rfind('@'));
  if (std::any_of(local_part.begin(), local_part.end(), is_eight_bit)) {
    return CommandError{553, {5, 6, 7}, "International addresses (SMTPUTF8) are not supported"};
  }
  // RFC 5321 4.5.1: <Postmaster> needs no domain.
  const bool qualify = lenient || (kind == PathKind::forward && equal_in_any_case(*address, "postmaster"));
  auto mailbox = qualify ? Mailbox::parse_qualifying(*address, rules.default_domain) : Mailbox::parse(*address);
  if (!mailbox) return bad_address(kind, mailbox.error().message);
  return *std::move(mailbox);
}

struct Parameter {
  std::string keyword;  // lower case
  std::optional<std::string_view> value;
};

bool is_keyword(std::string_view text) {
  if (text.empty() || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; });
}

bool is_parameter_value(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 32 && c < 127 && c != '='; });
}

// RFC 5321 4.1.2: esmtp-param
CommandResult<std::vector<Parameter>> parse_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    const auto equals = word.find('=');
    Parameter parameter{lower_case(word.substr(0, equals)), std::nullopt};
    if (equals != std::string_view::npos) parameter.value = word.substr(equals + 1);
    if (!is_keyword(parameter.keyword) || (parameter.value && !is_parameter_value(*parameter.value))) {
      return bad_syntax("Malformed parameter");
    }
    const auto same = [&](const Parameter& other) { return other.keyword == parameter.keyword; };
    if (std::any_of(parameters.begin(), parameters.end(), same)) return bad_syntax("Parameter given twice");
    if (parameters.size() == kMaxParameters) return not_offered();
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

std::optional<CommandError> read_size(std::string_view value, MailParameters& parameters) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
  if (value.size() > kMaxSizeDigits || end != value.data() + value.size() || error == std::errc::invalid_argument) return bad_value("SIZE");
  // 20 digits may exceed 64 bits: surely too large for any limit.
  parameters.size = error == std::errc::result_out_of_range ? UINT64_MAX : size;
  return std::nullopt;
}

std::optional<CommandError> read_body(std::string_view value, MailParameters& parameters) {
  if (equal_in_any_case(value, "7bit")) {
    parameters.body = BodyType::seven_bit;
  } else if (equal_in_any_case(value, "8bitmime")) {
    parameters.body = BodyType::eight_bit;
  } else {
    return not_offered();
  }
  return std::nullopt;
}

std::optional<CommandError> read_return(std::string_view value, MailParameters& parameters) {
  if (equal_in_any_case(value, "full")) {
    parameters.ret = Return::full;
  } else if (equal_in_any_case(value, "hdrs")) {
    parameters.ret = Return::headers;
  } else {
    return bad_value("RET");
  }
  return std::nullopt;
}

std::optional<CommandError> read_require_tls(const Parameter& parameter, MailParameters& parameters) {
  if (parameter.value) return bad_value("REQUIRETLS");
  parameters.require_tls = true;
  return std::nullopt;
}

bool is_envid(std::string_view value) { return !value.empty() && value.size() <= kMaxEnvid && is_xtext(value); }

// RFC 3461 4.2: addr-type ";" xtext
bool is_original_recipient(std::string_view value) {
  const auto semicolon = value.find(';');
  if (value.size() > kMaxOriginalRecipient || semicolon == 0 || semicolon == std::string_view::npos) return false;
  const std::string_view type = value.substr(0, semicolon);
  return std::all_of(type.begin(), type.end(), is_atext) && semicolon + 1 < value.size() && is_xtext(value.substr(semicolon + 1));
}

std::optional<CommandError> read_mail_parameter(const Parameter& parameter, MailParameters& parameters) {
  const std::string_view value = parameter.value.value_or("");
  if (parameter.keyword == "size") return read_size(value, parameters);
  if (parameter.keyword == "body") return read_body(value, parameters);
  if (parameter.keyword == "ret") return read_return(value, parameters);
  if (parameter.keyword == "requiretls") return read_require_tls(parameter, parameters);
  if (parameter.keyword != "envid") return not_offered();
  if (!is_envid(value)) return bad_value("ENVID");
  parameters.envid = value;
  return std::nullopt;
}

// RFC 3461 4.1: NEVER stands alone.
std::optional<CommandError> read_notify(std::string_view value, Notify& notify) {
  notify.given = true;
  if (equal_in_any_case(value, "never")) return std::nullopt;
  while (true) {
    const auto comma = value.find(',');
    const std::string_view word = value.substr(0, comma);
    if (equal_in_any_case(word, "success")) {
      notify.success = true;
    } else if (equal_in_any_case(word, "failure")) {
      notify.failure = true;
    } else if (equal_in_any_case(word, "delay")) {
      notify.delay = true;
    } else {
      return bad_value("NOTIFY");
    }
    if (comma == std::string_view::npos) return std::nullopt;
    value.remove_prefix(comma + 1);
  }
}

std::optional<CommandError> read_rcpt_parameter(const Parameter& parameter, Recipient& recipient) {
  const std::string_view value = parameter.value.value_or("");
  if (parameter.keyword == "notify") return read_notify(value, recipient.notify);
  if (parameter.keyword != "orcpt") return not_offered();
  if (!is_original_recipient(value)) return bad_value("ORCPT");
  recipient.original_recipient = value;
  return std::nullopt;
}

// The path behind "FROM:" or "TO:".
CommandResult<PathText> parse_path(std::string_view argument, std::string_view prefix) {
  if (!starts_in_any_case(argument, prefix)) return bad_syntax("Expected " + std::string(prefix) + "<address>");
  argument.remove_prefix(prefix.size());
  argument.remove_prefix(std::min(argument.size(), argument.find_first_not_of(' ')));
  const auto path = take_path(argument);
  if (!path) return bad_syntax("Expected " + std::string(prefix) + "<address>");
  return *path;
}

std::string notify_value(const Notify& notify) {
  if (notify.never()) return "NEVER";
  std::string value;
  if (notify.success) value += ",SUCCESS";
  if (notify.failure) value += ",FAILURE";
  if (notify.delay) value += ",DELAY";
  return value.substr(1);
}

}  // namespace

Command parse_command(std::string_view line) {
  line = trimmed(line);
  const std::string_view word = line.substr(0, line.find(' '));
  const auto found =
      std::find_if(std::begin(kVerbs), std::end(kVerbs), [&](const auto& verb) { return equal_in_any_case(verb.first, word); });
  const Verb verb = found == std::end(kVerbs) ? Verb::unknown : found->second;
  return {verb, trimmed(line.substr(word.size()))};
}

CommandResult<std::string> parse_hello_argument(std::string_view argument) {
  std::string name = printable(trimmed(argument), kMaxHello + 1);
  if (name.empty()) return bad_syntax("Say who you are: EHLO hostname");
  if (name.size() > kMaxHello) return bad_syntax("Host name too long");
  return name;
}

CommandResult<MailArguments> parse_mail_arguments(std::string_view argument, const AddressRules& rules) {
  const auto path = parse_path(argument, "FROM:");
  if (!path) return path.error();
  MailArguments arguments;
  if (!path->in_brackets || !path->address.empty()) {
    auto mailbox = parse_path_mailbox(*path, PathKind::reverse, rules);
    if (!mailbox) return mailbox.error();
    arguments.reverse_path = ReversePath(std::move(*mailbox));
  }
  const auto parameters = parse_parameters(path->rest);
  if (!parameters) return parameters.error();
  for (const Parameter& parameter : *parameters) {
    if (auto error = read_mail_parameter(parameter, arguments.parameters)) return *std::move(error);
  }
  return arguments;
}

CommandResult<Recipient> parse_rcpt_arguments(std::string_view argument, const AddressRules& rules) {
  const auto path = parse_path(argument, "TO:");
  if (!path) return path.error();
  auto mailbox = parse_path_mailbox(*path, PathKind::forward, rules);
  if (!mailbox) return mailbox.error();
  Recipient recipient{std::move(*mailbox), {}, {}};
  const auto parameters = parse_parameters(path->rest);
  if (!parameters) return parameters.error();
  for (const Parameter& parameter : *parameters) {
    if (auto error = read_rcpt_parameter(parameter, recipient)) return *std::move(error);
  }
  return recipient;
}

std::string format_mail(const ReversePath& reverse_path, const MailParameters& parameters) {
  std::string line = "MAIL FROM:<" + reverse_path.to_string() + ">";
  if (parameters.size) line += " SIZE=" + std::to_string(*parameters.size);
  if (parameters.body) line += *parameters.body == BodyType::eight_bit ? " BODY=8BITMIME" : " BODY=7BIT";
  if (parameters.ret != Return::unspecified) line += parameters.ret == Return::full ? " RET=FULL" : " RET=HDRS";
  if (is_envid(parameters.envid)) line += " ENVID=" + parameters.envid;
  if (parameters.require_tls) line += " REQUIRETLS";
  return line + "\r\n";
}

std::string format_rcpt(const Mailbox& recipient, const RcptParameters& parameters) {
  std::string line = "RCPT TO:<" + recipient.to_string() + ">";
  if (parameters.notify.given) line += " NOTIFY=" + notify_value(parameters.notify);
  if (is_original_recipient(parameters.original_recipient)) line += " ORCPT=" + parameters.original_recipient;
  return line + "\r\n";
}

}  // namespace mxpress::proto
