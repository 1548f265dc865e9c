// Received fields as mail programs write them: an honest chain and a forged one of each. Names and addresses are of documentation.
#pragma once

#include <string>
#include <vector>

#include "mta/trace/chain.h"

namespace mxpress::testing {

// What the newest field of `honest` says.
struct ReceivedParts {
  std::string helo, client_name, client, by, protocol, tls, id, recipient;
  std::string time;  // UTC, as in rfc5322_date()
};

struct ReceivedForm {
  std::string program;
  std::string honest;  // header, newest first, with LF
  ReceivedParts parts;
  std::string forged;
  mta::trace::DoubtKind doubt;  // which the forged chain must raise
};

std::vector<ReceivedForm> received_forms();

// The text with CRLF for LF.
std::string crlf(const std::string& text);

}  // namespace mxpress::testing
