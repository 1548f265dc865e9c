// The reason for a mail host's refusal, by the words of its reply. Codes alone are often too vague, or misleading.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

enum class ReplyCause {
  unknown,
  block_list,
  block_list_not_asked,  // the list did not answer the mail host's question
  hello_name,            // the name in EHLO or HELO
  reverse_name,          // the sending host's address has no name, or one that does not resolve to it
  authentication,        // SPF, DKIM or DMARC
  encryption,            // TLS is required
  sign_in,               // signing in is required
  relaying,              // the host does not accept mail for the recipient's domain
  greylisting,
  rate,
  reputation,
};

struct ReplyFinding {
  ReplyCause cause = ReplyCause::unknown;
  std::string block_list{};  // its name, if the reply has one: "zen.spamhaus.org"
};

// `reply`: the whole reply, from Reply::to_string(). Mail addresses quoted in it are ignored.
ReplyFinding cause_of(std::string_view reply);

}  // namespace mxpress::proto
