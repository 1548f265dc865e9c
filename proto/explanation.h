// Explains a failure to people: what happened, who can do something about it, and what the administrator of this host may check.
#pragma once

#include <string>
#include <string_view>

#include "proto/outcome.h"

namespace mxpress::proto {

// The person who can help if the failure lasts.
enum class Remedy {
  send_later,
  check_address,
  send_smaller,
  ask_recipient,                   // about the mailbox, not the way to it
  ask_administrator,               // of this host
  ask_administrator_if_widespread  // the same, if mail to other domains fails as well: then the cause is the network or its provider
};

struct Explanation {
  std::string words;  // one or two sentences, never empty; correct for every possible cause of this result
  Remedy remedy = Remedy::send_later;
  std::string_view hint{};  // for the administrator; empty if there is nothing to say
};

// Looks first at the event and its stage, then at the words of a reply, then at its codes.
Explanation explain(const HostResult& result);

}  // namespace mxpress::proto
