// What a mail host objects to, by the words of its reply. Codes alone often do not tell, or tell something else.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::proto {

enum class ReplyCause {
  unknown,
  block_list,
  block_list_not_asked,  // the list did not answer the mail host's question
  hello_name,            // the name in EHLO or HELO
  reverse_name,          // the sending host's address has no name, or one that does not lead back
  authentication,        // SPF, DKIM or DMARC
  encryption,            // it insists on TLS
  sign_in,               // it insists on a user name
  relaying,              // it does not take mail for the recipient's domain
  greylisting,
  rate,
  reputation,
};

struct ReplyFinding {
  ReplyCause cause = ReplyCause::unknown;
  std::string block_list{};  // which one, if the reply tells: "zen.spamhaus.org"
};

// `reply`: all of it, as Reply::to_string() gives it. What it quotes of mail addresses is no evidence.
ReplyFinding cause_of(std::string_view reply);

}  // namespace mxpress::proto
