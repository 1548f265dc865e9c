// The classes of refusals, and who can remove their cause.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/explanation.h"

namespace mxpress::mta::replies {

enum class ReplyClass : std::uint8_t {
  recipient,     // the address does not exist, or takes no mail
  mailbox_full,  // quota
  content,       // what this message says or holds
  size,          // of this message
  identity,      // SPF, DKIM, DMARC, PTR, HELO, the sender's address
  reputation,    // of this host's address or domain
  policy,        // the receiver's own rule
  rate,          // too much in a time
  greylist,      // the first contact is put off
  network,       // loops, faults and storage of the mail host
  tls,           // encryption
  auth,          // signing in
};

// "mailbox-full". The words of a rule file.
std::string_view to_string(ReplyClass what);
std::optional<ReplyClass> class_named(std::string_view name);
// "recipient, mailbox-full, ..."
std::string class_names();

// "hosting"
std::string_view to_string(proto::Actor who);
std::optional<proto::Actor> actor_named(std::string_view name);
std::string actor_names();

// True if a refusal of this class says nothing about the recipient or the message: it is about this host or its domains, or the mail host.
bool is_own_fault(ReplyClass what);
// True for classes that a greeting or a reply to EHLO cannot have: the mail host does not know a recipient yet.
bool is_about_mailbox(ReplyClass what);

}  // namespace mxpress::mta::replies
