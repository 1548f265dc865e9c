// What a token endpoint answers, as a value. RFC 6749 5.1, 5.2, RFC 8628 3.5.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mta/auth/secret.h"
#include "mta/http_client/message.h"
#include "proto/time.h"

namespace mxpress::mta::oauth {

// Longer ones do not fit into an answer to AUTH, which has 12,288 octets at most (RFC 4954 4.1).
inline constexpr std::size_t kMaxToken = 9000;
// A provider that says less or more means nothing that helps: in between is asked again anyway.
inline constexpr Duration kShortestLifetime = std::chrono::minutes(1), kLongestLifetime = std::chrono::hours(24);
inline constexpr Duration kUsualLifetime = std::chrono::hours(1);  // where the provider says nothing

struct Tokens {
  auth::Secret access;
  Duration lifetime = kUsualLifetime;  // of `access`, from now on
  auth::Secret refresh;                // empty: the one that was used goes on
};

struct Refusal {
  std::string code;      // "invalid_grant", "authorization_pending" ... of the RFCs and of the large providers; else "another refusal"
  std::string number{};  // of Microsoft's list: "AADSTS700082"; empty: none
  std::string words;     // the provider's, for the terminal of whoever sets it up, and for nothing that is kept; printable; empty: none
  // Nothing of what the request had in it.
  std::string in_brief() const { return number.empty() ? code : code + ", " + number; }
  std::string in_words() const { return words.empty() ? in_brief() : code + ": " + words; }
};

// Tokens, or a refusal.
struct TokenAnswer {
  std::optional<Tokens> tokens;
  Refusal refusal{};
};

// The Error, always transient: it is neither, in our own words. A host may quote the request in any form: its words go to no log, and not
// even to a terminal where they have a part of `sent`, secrets that the request had in it.
Result<TokenAnswer> read_token_answer(const http_client::Response& response, const std::vector<auth::Secret>& sent);

}  // namespace mxpress::mta::oauth
