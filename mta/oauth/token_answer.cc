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

// What it quotes of the request stays here.
Refusal refusal_in(const JsonObject& object, const std::vector<auth::Secret>& sent) {
  Refusal refusal{proto::printable(object.text("error").reveal(), 100),
                  proto::printable(object.text("error_description").reveal(), kMostWords)};
  const auto quotes = [&](const std::string& text) {
    return std::any_of(sent.begin(), sent.end(),
                       [&](const auth::Secret& one) { return !one.empty() && text.find(one.reveal().substr(0, 32)) != text.npos; });
  };
  if (quotes(refusal.code)) refusal.code = "a refusal that repeats a secret";
  if (quotes(refusal.words)) refusal.words.clear();
  return refusal;
}

}  // namespace

Result<TokenAnswer> read_token_answer(const http_client::Response& response, const std::vector<auth::Secret>& sent) {
  const auto object = JsonObject::parse(response.content.reveal());
  const std::string status = "status " + std::to_string(response.status);
  if (!object)
    return Error::transient(status + ": " + object.error().message + (response.media_type.empty() ? "" : " but " + response.media_type));
  const bool is_refusal = !object->text("error").empty() && response.status / 100 != 5 && response.status != 429;
  if (is_refusal) return TokenAnswer{std::nullopt, refusal_in(*object, sent)};
  if (response.status != 200) return Error::transient(status + ", and no reason in the answer");
  auto tokens = tokens_in(*object);
  return tokens ? Result<TokenAnswer>(TokenAnswer{std::move(*tokens)}) : tokens.error();
}

}  // namespace mxpress::mta::oauth
