// The messages of the mechanisms that show an access token: OAUTHBEARER (RFC 7628) and XOAUTH2, which Google and Microsoft document.
#pragma once

#include <string>
#include <string_view>

#include "mta/auth/login.h"
#include "proto/result.h"

namespace mxpress::mta::auth {

struct Channel;

// The client's first and complete message. Refused: a token with characters that tokens cannot have (RFC 6750 2.1).
Result<std::string> token_message(std::string_view mechanism, const Login& login, const Channel& channel);
// The answer to the challenge in which a host refuses the token in JSON; the host's reply follows it. RFC 7628 3.2.3
std::string_view answer_to_refusal(std::string_view mechanism);

}  // namespace mxpress::mta::auth
