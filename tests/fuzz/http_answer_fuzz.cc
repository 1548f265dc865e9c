// Fuzzes HTTPS responses of an OAuth provider: cut into pieces, parsed as a response, and interpreted as an answer with tokens.
#include "mta/http_client/response_reader.h"
#include "mta/oauth/redirect.h"
#include "mta/oauth/token_answer.h"
#include "proto/form.h"
#include "proto/https_url.h"
#include "tests/fuzz/expect.h"

namespace {

using namespace mxpress;

void judge(const mta::http_client::Response& response) {
  const auto answer = mta::oauth::read_token_answer(response, {mta::auth::Secret("a-secret-that-was-sent-to-the-host")});
  if (!answer) return expect(is_plain(answer.error().message));
  expect(is_plain(answer->refusal.in_words()));
  expect(answer->tokens.has_value() == answer->refusal.code.empty());
  if (!answer->tokens) return;
  expect(!answer->tokens->access.empty() && answer->tokens->access.reveal().size() <= mta::oauth::kMaxToken);
  expect(is_plain(answer->tokens->access.reveal()) && is_plain(answer->tokens->refresh.reveal()));
  expect(answer->tokens->lifetime >= mta::oauth::kShortestLifetime && answer->tokens->lifetime <= mta::oauth::kLongestLifetime);
}

void read_response(std::string_view text) {
  const std::size_t piece = take_number(text);
  mta::http_client::ResponseReader reader;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    const auto whole = reader.feed(text.substr(at, piece));
    if (!whole) return;
    if (*whole) return judge(reader.take());
  }
  if (reader.end()) judge(reader.take());
}

void read_address(std::string_view text) {
  if (const auto url = proto::HttpsUrl::parse(text)) {
    expect(is_plain(url->text()) && url->text().find(' ') == std::string::npos);
    const auto again = proto::HttpsUrl::parse(url->text());
    expect(!again || *again == *url);
  }
  const mta::oauth::Redirect redirect = mta::oauth::redirect_in(text, "the-state");
  expect(is_plain(redirect.refusal));
  expect(redirect.is_ours || redirect.code.empty());
  if (const auto value = proto::form_value(text, "code")) expect(proto::form_value(proto::form_of({{"code", *value}}), "code") == *value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  read_response(text);
  read_address(text);
  judge({200, "application/json", mta::auth::Secret(std::string(text))});
  judge({400, "application/json", mta::auth::Secret(std::string(text))});
  return 0;
}
