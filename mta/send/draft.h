// What is to be sent, and to whom: from the options of mxpress-send.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mta/cli/sendmail_message.h"
#include "mta/cli/sendmail_outlet.h"
#include "mta/compose/letter.h"
#include "mta/send/options.h"
#include "proto/time.h"

namespace mxpress::mta::send {

struct Moment {
  WallTime time{};
  int zone_minutes = 0;
  std::uint64_t random[2] = {};  // for the Message-ID
};

struct Draft {
  compose::Letter letter;
  std::string sender;                   // reverse-path; may lack a domain
  std::string unique;                   // for the Message-ID, in front of the @
  std::vector<std::string> recipients;  // of --to, --cc and --bcc, each once; may lack a domain
  cli::ExitStatus status;               // the first mistake, and its exit code
};

// Opens the files, and reads standard input if an option says so.
Draft make_draft(const Options& options, const cli::Caller& caller, const Moment& moment);

// "report.pdf (35 MB), logo.png (12 kB)": the files that take the most room, for people.
std::string largest_files(const compose::Letter& letter);
// "35.2 MB"
std::string shown_size(std::uint64_t octets);

}  // namespace mxpress::mta::send
