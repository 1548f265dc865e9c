// Outcomes and stages in words, for logs and `mxpress show`.
#include "proto/outcome.h"

#include "proto/sign_in_cause.h"

namespace mxpress::proto {

std::string_view to_string(Stage stage) {
  switch (stage) {
    case Stage::lookup:
      return "lookup";
    case Stage::connect:
      return "connect";
    case Stage::greeting:
      return "greeting";
    case Stage::hello:
      return "hello";
    case Stage::tls:
      return "tls";
    case Stage::mail:
      return "mail";
    case Stage::rcpt:
      return "rcpt";
    case Stage::data:
      return "data";
    case Stage::content:
      return "content";
    case Stage::quit:
      return "quit";
    case Stage::local:
      return "local";
    case Stage::none:
      return "none";
    case Stage::auth:
      return "auth";
  }
  return "none";
}

HostResult for_other_messages(const HostResult& result, std::optional<WallTime> since) {
  const bool is_about_a_message = result.stage >= Stage::mail && result.stage <= Stage::content;
  if (result.reply_code == 0 || !is_about_a_message) return result;
  HostResult told = result;
  told.reply_code = 0;
  told.text = "the mail host answered " + std::to_string(result.reply_code) + " " + result.status.to_string() + " to another message (" +
              std::string(to_string(result.stage)) + ")";
  if (since) told.text += "; it fails since " + rfc5322_date(*since, 0);
  return told;
}

bool refuses_login(const HostResult& result) {
  const int code = result.reply_code;
  if (result.stage == Stage::auth) return code > 504;
  if (result.stage < Stage::mail) return false;
  const bool is_known = code / 100 == 5 && sign_in_cause_of(result.text) != SignInCause::unknown;
  return is_known || code == 530 || code == 534 || code == 535 || code == 538;
}

bool returned_by_operator(const HostResult& result) {
  return result.stage == Stage::local && result.reply_code == 0 && result.status == EnhancedStatus{5, 0, 0};
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::untried:
      return "untried";
    case Outcome::delivered:
      return "delivered";
    case Outcome::deferred:
      return "deferred";
    case Outcome::failed:
      return "failed";
  }
  return "untried";
}

}  // namespace mxpress::proto
