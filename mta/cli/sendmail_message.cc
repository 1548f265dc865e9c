// The envelope and the header of a message from a local program.
#include "mta/cli/sendmail_message.h"

#include <algorithm>
#include <functional>
#include <set>

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mailbox.h"
#include "proto/malformed_recipient.h"
#include "proto/xtext.h"

namespace mxpress::mta::cli {
namespace {

using proto::ExitCode;

constexpr std::size_t kMaxMalformed = 100;  // recipients that a notice names
constexpr std::size_t kMaxNamed = 500;      // octets of names on a terminal

// Parsed as the daemon will parse it, without the domain that it will add.
Result<proto::Mailbox> parse_mailbox(std::string_view address) {
  return proto::Mailbox::parse_qualifying(address, *proto::Domain::parse("localhost.localdomain"));
}

// The address of a local user, without domain; empty if no address can have this name.
std::string address_of_user(const std::string& login) {
  const auto mailbox = proto::Mailbox::of_user(login, *proto::Domain::parse("localhost.localdomain"));
  return mailbox ? mailbox->local_part() : std::string();
}

// A domain outside ASCII is written as A-labels: the daemon limits conversions for a file.
std::string as_written(const std::string& address, const proto::Mailbox& mailbox) {
  return std::any_of(address.begin(), address.end(), proto::is_eight_bit) ? mailbox.to_string() : address;
}

// For words on a terminal.
std::string shown(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, 200)) clean += proto::is_control(c) || proto::is_eight_bit(c) ? '?' : c;
  return "\"" + clean + "\"";
}

class Collector {
 public:
  void add(const proto::AddressList& list);
  void add_malformed(std::string_view text, ExitCode code);
  Recipients take();

 private:
  Recipients found_;
  std::set<std::string, std::less<>> seen_;
  ExitStatus first_malformed_;
};

void Collector::add(const proto::AddressList& list) {
  for (const std::string& address : list.addresses) {
    const auto mailbox = parse_mailbox(address);
    if (address.starts_with("/") || address.starts_with("|")) {
      add_malformed(address, ExitCode::no_user);
    } else if (!mailbox) {
      add_malformed(address, ExitCode::data);
    } else if (seen_.insert(mailbox->to_string()).second) {
      found_.addresses.push_back(as_written(address, *mailbox));
    }
  }
  if (!list.unreadable.empty()) add_malformed(list.unreadable, ExitCode::data);
}

void Collector::add_malformed(std::string_view text, ExitCode code) {
  const char* const why = code == ExitCode::no_user ? ": mail to files and programs is not supported" : " is not a mail address";
  if (first_malformed_.ok()) first_malformed_ = {code, found_.why_malformed = shown(text) + why};
  if (found_.malformed.size() < kMaxMalformed) found_.malformed.emplace_back(text);
}

Recipients Collector::take() {
  if (found_.addresses.empty()) found_.status = std::move(first_malformed_);
  return std::move(found_);
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
  if (options.require_tls) parameters += " REQUIRETLS";
  if (!options.envid.empty()) parameters += " ENVID=" + proto::encode_xtext(options.envid);
  return parameters;
}

std::string without_controls(std::string text) {
  std::erase_if(text, proto::is_control);
  return text;
}

}  // namespace

Recipients find_recipients(const SendmailOptions& options, std::string_view header) {
  Collector collector;
  for (const std::string& argument : options.recipients) {
    if (std::any_of(argument.begin(), argument.end(), proto::is_control)) {
      collector.add_malformed(argument, ExitCode::data);
    } else if (argument.starts_with("/") || argument.starts_with("|")) {
      collector.add({{argument}});
    } else {
      collector.add(proto::read_address_list(argument));
    }
  }
  if (options.recipients_of_header) {
    for (const proto::AddressList& list : proto::recipients_of_header(header)) collector.add(list);
  }
  Recipients found = collector.take();
  if (found.addresses.empty() && found.status.ok()) {
    found.status = {ExitCode::usage, options.recipients_of_header
                                         ? "no recipients: the header has no To, Cc or Bcc with an address"
                                         : "no recipients: name them as arguments, or use -t to read them from the header"};
  }
  return found;
}

Sender find_sender(const SendmailOptions& options, const Caller& caller) {
  if (!options.sender) {
    Sender own{address_of_user(caller.login), {}};
    if (own.address.empty()) own.status = {ExitCode::usage, "no mail address can hold your user name; name a sender with -f"};
    return own;
  }
  if (options.sender->empty() || proto::trimmed(*options.sender).ends_with("<>")) return {};
  const auto list = proto::read_address_list(*options.sender);
  const bool has_controls = std::any_of(options.sender->begin(), options.sender->end(), proto::is_control);
  if (!has_controls && list.unreadable.empty() && list.addresses.size() == 1 && parse_mailbox(list.addresses.front()))
    return {list.addresses.front(), {}};
  return {{}, {ExitCode::usage, "-f takes one mail address, and " + shown(*options.sender) + " is none"}};
}

std::vector<std::string> envelope_commands(const SendmailOptions& options, const std::string& sender, const Recipients& recipients) {
  std::vector<std::string> commands;
  commands.push_back("MAIL FROM:<" + sender + ">" + mail_parameters(options) + "\r\n");
  const std::string notify = notify_parameter(options.notify);
  for (const std::string& address : recipients.addresses) commands.push_back("RCPT TO:<" + address + ">" + notify + "\r\n");
  for (const std::string& text : recipients.malformed)
    commands.push_back("RCPT TO:<" + proto::malformed_recipient(text).to_string() + ">" + notify + "\r\n");
  commands.push_back("DATA\r\n");
  return commands;
}

std::string warning_of(const Recipients& recipients) {
  std::string names;
  for (const std::string& text : recipients.malformed) {
    if (names.size() > kMaxNamed) return names + " ... are not mail addresses; the message goes to the others";
    names += (names.empty() ? "" : ", ") + shown(text);
  }
  return names.empty() ? names
                       : names + (recipients.malformed.size() == 1 ? " is not a mail address" : " are not mail addresses") +
                             "; the message goes to the others";
}

std::string complete_start(const SendmailOptions& options, const Caller& caller, const std::string& sender,
                           const proto::HeaderScanner& scanner, std::string_view text) {
  const std::string_view content = text.substr(scanner.begin());
  const bool is_indented = scanner.header(text).empty() && content.find_first_of(" \t") == 0;  // it would continue the From field
  if (is_indented || proto::find_field(scanner.header(text), "From")) return std::string(content);
  const std::string name = without_controls(options.full_name.empty() ? caller.full_name : options.full_name);
  return ("From: " + proto::format_author(name, sender.empty() ? address_of_user(caller.login) : sender) + "\r\n").append(content);
}

}  // namespace mxpress::mta::cli
