// What sendmail makes of its options and of the header on stdin: the envelope's commands and the start of the content.
#pragma once

#include <string>
#include <vector>

#include "mta/cli/sendmail_options.h"
#include "mta/cli/sendmail_outlet.h"
#include "proto/header.h"

namespace mxpress::mta::cli {

// Who calls, for a sender that no option names.
struct Caller {
  std::string login;      // "www-data"
  std::string full_name;  // of the account
};

// Recipients of arguments and, with -t, of the header, in order, without repeats. Addresses may lack a domain: mxpressd completes them.
// `malformed`: what is no address, beside others that are; a notice will name it. No address at all is a bad status.
struct Recipients {
  std::vector<std::string> addresses;
  std::vector<std::string> malformed;
  std::string why_malformed;  // of the first
  ExitStatus status;
};
Recipients find_recipients(const SendmailOptions& options, std::string_view header);

// The reverse-path: of -f, read as recipients are, or the caller's login name. Empty: the null reverse-path. May lack a domain.
struct Sender {
  std::string address;
  ExitStatus status;
};
Sender find_sender(const SendmailOptions& options, const Caller& caller);

// MAIL, RCPT and DATA, each with CRLF.
std::vector<std::string> envelope_commands(const SendmailOptions& options, const std::string& sender, const Recipients& recipients);
// What the caller should know of recipients that do not get the message; empty if there are none.
std::string warning_of(const Recipients& recipients);

// The start of the content as it is handed in: `text` from the first field on, with From if that is missing. mxpressd does the rest, and
// puts the empty line where that is missing. `text` may have some of the body behind the header, whose end the scanner has found.
std::string complete_start(const SendmailOptions& options, const Caller& caller, const std::string& sender,
                           const proto::HeaderScanner& scanner, std::string_view text);

}  // namespace mxpress::mta::cli
