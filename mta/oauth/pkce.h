// Random texts that tie a request for authorization to its response. RFC 7636, RFC 6749 10.12.
#pragma once

#include <string>
#include <string_view>

namespace mxpress::mta::oauth {

// 43 characters of base64url, 256 random bits: for a verifier (RFC 7636 4.1) or a state.
std::string random_text();
// S256 of a verifier. RFC 7636 4.2
std::string challenge_of(std::string_view verifier);

}  // namespace mxpress::mta::oauth
