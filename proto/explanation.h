// Explains a failure to people: what happened, who can do something about it, and what the administrator of this host may check.
#pragma once

#include <optional>
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

// Who can remove the cause of a refusal.
enum class Actor {
  sender,         // the person or program that wrote the message
  recipient,      // the owner of the mailbox
  administrator,  // of this host
  dns,            // whoever publishes the DNS records of the sender's domain
  hosting,        // the provider of this host's address
  receiver,       // the administrator of the recipient's mail host
  nobody          // it passes by itself
};
// "the provider of this host's address"
std::string_view in_words(Actor who);

// What a rule about a reply adds to the explanation: mta/replies.
struct Advice {
  std::string kind;  // the class: "reputation"
  Actor who = Actor::nobody;
  std::string todo;  // one sentence; may be empty
  std::string link;  // where to do it, or a text to send; may be empty
};

struct Explanation {
  std::string words;  // one or two sentences, never empty; correct for every possible cause of this result
  Remedy remedy = Remedy::send_later;
  std::string_view hint{};         // for the administrator; empty if there is nothing to say
  std::optional<Advice> advice{};  // nullopt: no rule is about this reply
};

// Looks first at the event and its stage, then at the words of a reply, then at its codes.
Explanation explain(const HostResult& result);

}  // namespace mxpress::proto
