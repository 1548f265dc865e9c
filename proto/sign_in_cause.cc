// Finds the reason why a provider refuses sign-in.
#include "proto/sign_in_cause.h"

#include "proto/ascii.h"

namespace mxpress::proto {
namespace {

struct Phrase {
  std::string_view text;
  SignInCause cause;
};

// Microsoft's: "550 5.7.30 Basic authentication is not supported for Client Submission", "535 5.7.139 Authentication unsuccessful, basic
// authentication is disabled", "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant".
constexpr Phrase kPhrases[] = {
    {"smtpclientauthentication is disabled", SignInCause::smtp_is_off},
    {"basic authentication is not supported", SignInCause::passwords_ended},
    {"basic authentication is disabled", SignInCause::passwords_ended},
};

}  // namespace

SignInCause sign_in_cause_of(std::string_view reply) {
  const std::string text = lower_case(reply);
  for (const Phrase& phrase : kPhrases)
    if (text.find(phrase.text) != text.npos) return phrase.cause;
  return SignInCause::unknown;
}

}  // namespace mxpress::proto
