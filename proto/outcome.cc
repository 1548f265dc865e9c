// Outcomes and stages in words, for logs and `mxpress show`.
#include "proto/outcome.h"

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
  }
  return "none";
}

std::string_view plain_words(const HostResult& result) {
  const bool is_greeting = result.stage == Stage::greeting || result.stage == Stage::hello;
  if (is_greeting && result.reply_code / 100 == 5) return "The mail host refuses to talk to this host at all; the reason is in its reply.";
  if (result.stage == Stage::lookup && result.status.subject == 4 && result.status.detail == 6)
    return "The domain's mail host is this host, which does not take its mail.";
  return plain_words(result.status);
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
