// Envelope and header of a message from a local program.
#include "mta/cli/sendmail_message.h"

#include <algorithm>
#include <unordered_set>

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mailbox.h"
#include "proto/xtext.h"

namespace mxpress::mta::cli {
namespace {

using proto::ExitCode;

bool is_mailbox(const std::string& address) {
  const auto any_domain = proto::Domain::parse("localhost.localdomain");
  return proto::Mailbox::parse_qualifying(address, *any_domain).ok();
}

// For words on a terminal.
std::string shown(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, 200)) clean += proto::is_control(c) || proto::is_eight_bit(c) ? '?' : c;
  return "\"" + clean + "\"";
}

Verdict bad_address(std::string_view address) { return {ExitCode::data, shown(address) + " is not a mail address"}; }

class Collector {
 public:
  Verdict add(const std::vector<std::string>& addresses);
  std::vector<std::string> take() { return std::move(addresses_); }

 private:
  std::vector<std::string> addresses_;
  std::unordered_set<std::string> seen_;
};

Verdict Collector::add(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    if (address.starts_with("/") || address.starts_with("|"))
      return {ExitCode::no_user, shown(address) + ": mail to files and programs is not supported"};
    if (!is_mailbox(address)) return bad_address(address);
    if (seen_.insert(address).second) addresses_.push_back(address);
  }
  return {};
}

std::string notify_parameter(const proto::Notify& notify) {
  if (!notify.given) return {};
  if (notify.never()) return " NOTIFY=NEVER";
  std::string list;
  if (notify.success) list += ",SUCCESS";
  if (notify.failure) list += ",FAILURE";
  if (notify.delay) list += ",DELAY";
  return " NOTIFY=" + list.substr(1);
}

std::string mail_parameters(const SendmailOptions& options) {
  std::string parameters;
  if (options.ret == proto::Return::headers) parameters += " RET=HDRS";
  if (options.ret == proto::Return::full) parameters += " RET=FULL";
  if (!options.envid.empty()) parameters += " ENVID=" + proto::encode_xtext(options.envid);
  return parameters;
}

std::string author_address(const SendmailOptions& options, const Caller& caller) {
  const bool named = options.sender && !options.sender->empty();
  const std::string& address = named ? *options.sender : caller.login;
  return address.find('@') == std::string::npos ? address + "@" + caller.domain : address;
}

std::string without_controls(std::string text) {
  std::erase_if(text, proto::is_control);
  return text;
}

}  // namespace

Recipients find_recipients(const SendmailOptions& options, std::string_view header) {
  Collector collector;
  for (const std::string& argument : options.recipients) {
    if (argument.starts_with("/") || argument.starts_with("|")) return {{}, collector.add({argument})};
    const auto list = proto::parse_address_list(argument);
    const bool has_controls = std::any_of(argument.begin(), argument.end(), proto::is_control);
    if (has_controls || !list.ok() || list->empty()) return {{}, bad_address(argument)};
    if (Verdict added = collector.add(*list); !added.ok()) return {{}, std::move(added)};
  }
  if (options.recipients_of_header) {
    const auto list = proto::recipients_of_header(header);
    if (!list.ok()) return {{}, {ExitCode::data, "the recipients in the header cannot be read: " + list.error().message}};
    if (Verdict added = collector.add(*list); !added.ok()) return {{}, std::move(added)};
  }
  Recipients found{collector.take(), {}};
  if (found.addresses.empty()) {
    found.verdict = {ExitCode::usage, options.recipients_of_header
                                          ? "no recipients: the header has no To, Cc or Bcc with an address"
                                          : "no recipients: name them as arguments, or use -t to read them from the header"};
  }
  return found;
}

Verdict check_sender(const SendmailOptions& options, const Caller& caller) {
  if (!options.sender && !is_mailbox(caller.login))
    return {ExitCode::usage, "your user name " + shown(caller.login) + " is no mail address; name a sender with -f"};
  if (!options.sender || options.sender->empty() || is_mailbox(*options.sender)) return {};
  return {ExitCode::usage, "-f takes a mail address, and " + shown(*options.sender) + " is none"};
}

std::vector<std::string> envelope_commands(const SendmailOptions& options, const Caller& caller,
                                           const std::vector<std::string>& recipients) {
  std::vector<std::string> commands;
  commands.push_back("MAIL FROM:<" + options.sender.value_or(caller.login) + ">" + mail_parameters(options) + "\r\n");
  for (const std::string& recipient : recipients)
    commands.push_back("RCPT TO:<" + recipient + ">" + notify_parameter(options.notify) + "\r\n");
  commands.push_back("DATA\r\n");
  return commands;
}

std::string complete_start(const SendmailOptions& options, const Caller& caller, const proto::HeaderScanner& scanner,
                           std::string_view text) {
  const std::string_view content = text.substr(scanner.begin());
  const bool is_indented = scanner.header(text).empty() && content.find_first_of(" \t") == 0;  // would continue the From field
  if (is_indented || proto::find_field(scanner.header(text), "From")) return std::string(content);
  const std::string name = without_controls(options.full_name.empty() ? caller.full_name : options.full_name);
  return ("From: " + proto::format_author(name, author_address(options, caller)) + "\r\n").append(content);
}

}  // namespace mxpress::mta::cli
