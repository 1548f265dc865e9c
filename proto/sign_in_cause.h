// The reason why a provider does not let this host sign in, by phrases that providers are known to use. Codes are ambiguous: 5.7.30 is
// "REQUIRETLS support required" in RFC 8689, "no DKIM signature" at Google, and "no passwords any more" at Microsoft.
#pragma once

#include <string_view>

namespace mxpress::proto {

enum class SignInCause {
  unknown,
  passwords_ended,  // the provider accepts no passwords any more, or the administrator of the account has switched them off
  smtp_is_off       // nobody may sign in to send with this account or in this organisation, with any password
};

// `reply`: the whole reply, from Reply::to_string().
SignInCause sign_in_cause_of(std::string_view reply);

}  // namespace mxpress::proto
