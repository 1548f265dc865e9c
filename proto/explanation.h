// What a failure means, for people: what happened, who can do something about it, and what the administrator of this host may look at.
#pragma once

#include <string>
#include <string_view>

#include "proto/outcome.h"

namespace mxpress::proto {

// Who is asked to do what, when the failure lasts.
enum class Remedy {
  send_later,
  check_address,
  send_smaller,
  ask_recipient,                   // the mailbox, not the way to it
  ask_administrator,               // of this host
  ask_administrator_if_widespread  // the same, if mail to other domains fails as well: then it is this host's network, or its provider's
};

struct Explanation {
  std::string words;  // one sentence or two; never empty. True wherever this result can come from
  Remedy remedy = Remedy::send_later;
  std::string_view hint{};  // for the administrator; empty if there is nothing to say
};

// Goes by what has happened at which stage, then by the words of a reply, then by its codes.
Explanation explain(const HostResult& result);

}  // namespace mxpress::proto
