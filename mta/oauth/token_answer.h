// The answer of a token endpoint, as a value. RFC 6749 5.1, 5.2, RFC 8628 3.5.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mta/auth/secret.h"
#include "mta/http_client/message.h"
#include "proto/time.h"

namespace mxpress::mta::oauth {

// Longer ones do not fit into an answer to AUTH, which has at most 12,288 octets (RFC 4954 4.1).
inline constexpr std::size_t kMaxToken = 9000;
// Shorter or longer lifetimes from a provider are limited to these: tokens are fetched again in between anyway.
inline constexpr Duration kShortestLifetime = std::chrono::minutes(1), kLongestLifetime = std::chrono::hours(24);
inline constexpr Duration kUsualLifetime = std::chrono::hours(1);  // if the provider gives none

struct Tokens {
  auth::Secret access;
  Duration lifetime = kUsualLifetime;  // of `access`, from now on
  auth::Secret refresh;                // empty: the old one stays valid
};

struct Refusal {
  std::string code;      // "invalid_grant", "authorization_pending" ... of the RFCs and of the large providers; else "another refusal"
  std::string number{};  // from Microsoft's list: "AADSTS700082"; empty: none
  std::string words;     // the provider's, for the terminal during setup only, never stored; printable; empty: none
  // Contains nothing of the request.
  std::string in_brief() const { return number.empty() ? code : code + ", " + number; }
  std::string in_words() const { return words.empty() ? in_brief() : code + ": " + words; }
};

// Tokens, or a refusal.
struct TokenAnswer {
  std::optional<Tokens> tokens;
  Refusal refusal{};
};

// The Error, always transient, means that it is neither; in our own words. A host may quote the request in any form: its words go to no
// log, and not even to a terminal if they contain part of `sent`, the secrets of the request.
Result<TokenAnswer> read_token_answer(const http_client::Response& response, const std::vector<auth::Secret>& sent);

}  // namespace mxpress::mta::oauth
