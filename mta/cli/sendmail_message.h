// The envelope's commands and the start of the content, from sendmail's options and the header on stdin.
#pragma once

#include <string>
#include <vector>

#include "mta/cli/sendmail_options.h"
#include "mta/cli/sendmail_outlet.h"
#include "proto/header.h"

namespace mxpress::mta::cli {

// The calling user, for a message without a sender option.
struct Caller {
  std::string login;      // "www-data"
  std::string full_name;  // of the account
};

// Recipients of arguments and, with -t, of the header, in order, without repeats. Addresses may lack a domain: mxpressd completes them.
// `malformed`: invalid addresses beside valid ones; a notice will name them. If no address is valid, the status is an error.
struct Recipients {
  std::vector<std::string> addresses;
  std::vector<std::string> malformed;
  std::string why_malformed;  // for the first
  ExitStatus status;
};
Recipients find_recipients(const SendmailOptions& options, std::string_view header);

// The reverse-path: from -f, parsed like recipients, or the caller's login name. Empty: the null reverse-path. May lack a domain.
struct Sender {
  std::string address;
  ExitStatus status;
};
Sender find_sender(const SendmailOptions& options, const Caller& caller);

// MAIL, RCPT and DATA, each with CRLF.
std::vector<std::string> envelope_commands(const SendmailOptions& options, const std::string& sender, const Recipients& recipients);
// A warning for the caller about recipients that do not get the message; empty if there are none.
std::string warning_of(const Recipients& recipients);

// The start of the content to submit: `text` from the first field on, with From if it is missing. mxpressd adds the rest, including a
// missing empty line. `text` may include part of the body after the header, whose end the scanner has found.
std::string complete_start(const SendmailOptions& options, const Caller& caller, const std::string& sender,
                           const proto::HeaderScanner& scanner, std::string_view text);

}  // namespace mxpress::mta::cli
