// The messages of the mechanisms that show an access token: OAUTHBEARER (RFC 7628) and XOAUTH2, which Google and Microsoft describe.
#pragma once

#include <string>
#include <string_view>

#include "mta/auth/login.h"
#include "proto/result.h"

namespace mxpress::mta::auth {

struct Channel;

// The client's first message, which says all. Refused: a token with characters that no token has (RFC 6750 2.1).
Result<std::string> token_message(std::string_view mechanism, const Login& login, const Channel& channel);
// What answers the challenge by which a host says in JSON that it does not take the token; its reply comes behind it. RFC 7628 3.2.3
std::string_view answer_to_refusal(std::string_view mechanism);

}  // namespace mxpress::mta::auth
