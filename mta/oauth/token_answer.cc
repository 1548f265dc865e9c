// Answers of token endpoints.
#include "mta/oauth/token_answer.h"

#include <algorithm>

#include "mta/oauth/json.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::oauth {
namespace {

constexpr std::size_t kMostWords = 300;

bool is_token(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

Duration lifetime_of(const JsonObject& object) {
  const auto seconds = object.number("expires_in");
  if (!seconds) return kUsualLifetime;
  const double most = std::chrono::duration<double>(kLongestLifetime).count(),
               least = std::chrono::duration<double>(kShortestLifetime).count();
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::clamp(*seconds, least, most)));
}

Result<Tokens> tokens_in(const JsonObject& object) {
  Tokens tokens{object.text("access_token"), lifetime_of(object), object.text("refresh_token")};
  const std::string& type = object.text("token_type").reveal();
  if (!type.empty() && !proto::equal_in_any_case(type, "bearer"))
    return Error::transient("the answer has a token that is none of type Bearer");
  if (!is_token(tokens.access.reveal())) return Error::transient("the answer has no access token");
  if (!tokens.refresh.empty() && !is_token(tokens.refresh.reveal())) return Error::transient("the answer has a damaged refresh token");
  const std::size_t length = std::max(tokens.access.reveal().size(), tokens.refresh.reveal().size());
  if (length > kMaxToken)
    return Error::transient("the answer has a token of " + std::to_string(length) + " characters, more than " + std::to_string(kMaxToken));
  return tokens;
}

// RFC 6749 4.1.2.1, 5.2, RFC 8628 3.5, OpenID Connect Core 3.1.2.6, and pages of Google and Microsoft.
constexpr std::string_view kCodes[] = {"access_denied",
                                       "authorization_declined",
                                       "admin_policy_enforced",
                                       "authorization_pending",
                                       "bad_verification_code",
                                       "consent_required",
                                       "deleted_client",
                                       "disabled_client",
                                       "expired_token",
                                       "interaction_required",
                                       "invalid_client",
                                       "invalid_grant",
                                       "invalid_request",
                                       "invalid_resource",
                                       "invalid_scope",
                                       "login_required",
                                       "org_internal",
                                       "server_error",
                                       "slow_down",
                                       "temporarily_unavailable",
                                       "unauthorized_client",
                                       "unsupported_grant_type",
                                       "unsupported_response_type"};
constexpr std::string_view kMediaTypes[] = {"text/html", "text/plain", "text/xml", "application/xml", "application/json"};

template <class List>
std::string known(const List& list, std::string_view word, std::string_view otherwise) {
  return std::string(std::find(std::begin(list), std::end(list), word) != std::end(list) ? word : otherwise);
}

// "AADSTS" and up to eight digits.
std::string microsoft_number_in(std::string_view words) {
  constexpr std::string_view kMark = "AADSTS";
  const auto begin = words.find(kMark);
  if (begin == words.npos) return {};
  std::size_t end = begin + kMark.size();
  while (end < words.size() && end - begin < kMark.size() + 8 && proto::is_digit(words[end])) ++end;
  return end > begin + kMark.size() ? std::string(words.substr(begin, end - begin)) : std::string();
}

Refusal refusal_in(const JsonObject& object, const std::vector<auth::Secret>& sent) {
  const std::string& words = object.text("error_description").reveal();
  Refusal refusal{known(kCodes, object.text("error").reveal(), "another refusal"), microsoft_number_in(words),
                  proto::printable(words, kMostWords)};
  const auto is_quoted = [&](const auth::Secret& one) {
    return !one.empty() && (words.find(one.reveal().substr(0, 32)) != words.npos || words.find('%') != words.npos);
  };
  if (std::any_of(sent.begin(), sent.end(), is_quoted)) refusal.words.clear();
  return refusal;
}

}  // namespace

Result<TokenAnswer> read_token_answer(const http_client::Response& response, const std::vector<auth::Secret>& sent) {
  const auto object = JsonObject::parse(response.content.reveal());
  const std::string status = "status " + std::to_string(response.status);
  if (!object)
    return Error::transient(status + ": " + object.error().message + " but " + known(kMediaTypes, response.media_type, "something else"));
  const bool is_refusal = !object->text("error").empty() && response.status / 100 != 5 && response.status != 429;
  if (is_refusal) return TokenAnswer{std::nullopt, refusal_in(*object, sent)};
  if (response.status != 200) return Error::transient(status + ", and no reason in the answer");
  auto tokens = tokens_in(*object);
  return tokens ? Result<TokenAnswer>(TokenAnswer{std::move(*tokens)}) : tokens.error();
}

}  // namespace mxpress::mta::oauth
