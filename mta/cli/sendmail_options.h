// The command line of sendmail, mailq and newaliases. Options that once configured sendmail (-C, -O, -o, -X ...) are parsed and have no
// effect, so that an attacker who injects arguments into a program's call of sendmail gains nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/envelope.h"
#include "proto/result.h"

namespace mxpress::mta::cli {

enum class SendmailMode {
  deliver,      // -bm, -m
  smtp,         // -bs: SMTP on stdin and stdout
  list_queue,   // -bp, mailq
  flush_queue,  // -q
  new_aliases,  // -bi, newaliases
  verify,       // -bv
  daemon,       // -bd, -bD, -q15m: the service manager starts mxpressd instead
  help,
  version,
};

struct SendmailOptions {
  SendmailMode mode = SendmailMode::deliver;
  bool ignore_dots = false;                        // -i, -oi
  bool recipients_of_header = false;               // -t
  bool verbose = false;                            // -v
  std::optional<std::string> sender;               // -f, -r; empty: the null reverse-path
  std::string full_name;                           // -F
  proto::Notify notify;                            // -N
  proto::Return ret = proto::Return::unspecified;  // -R
  std::string envid;                               // -V, as given
  bool require_tls = false;                        // -O requiretls
  std::vector<std::string> recipients;             // arguments, as given
};

// `arguments` without argv[0], whose file name selects mailq and newaliases. Options may follow recipients; "--" ends them. An Error means
// exit code 64.
Result<SendmailOptions> parse_sendmail_options(std::string_view program, const std::vector<std::string>& arguments);

}  // namespace mxpress::mta::cli
