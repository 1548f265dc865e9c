// Reasons why providers refuse sign-in, by their words, and the explanation for people.
#include "proto/sign_in_cause.h"

#include <catch2/catch.hpp>

#include "proto/explanation.h"

namespace mxpress::proto {
namespace {

HostResult said(Stage stage, int code, EnhancedStatus status, const std::string& text) {
  HostResult result;
  result.stage = stage;
  result.reply_code = code;
  result.status = status;
  result.text = text;
  return result;
}

const std::string kEnded = "550 5.7.30 Basic authentication is not supported for Client Submission.";

TEST_CASE("sign-in: the words decide, whatever the codes") {
  CHECK(sign_in_cause_of(kEnded) == SignInCause::passwords_ended);
  CHECK(sign_in_cause_of("535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [AM0PR01CA0001]") ==
        SignInCause::passwords_ended);
  CHECK(sign_in_cause_of("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit "
                         "https://aka.ms/smtp_auth_disabled for more information.") == SignInCause::smtp_is_off);
  CHECK(sign_in_cause_of("550 5.7.30 REQUIRETLS support required") == SignInCause::unknown);
  CHECK(sign_in_cause_of("550 5.7.30 Your email has been blocked because the sender is unauthenticated. Authenticate with DKIM") ==
        SignInCause::unknown);
  CHECK(sign_in_cause_of("535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.") == SignInCause::unknown);
  CHECK(sign_in_cause_of("535 5.7.3 Authentication unsuccessful") == SignInCause::unknown);
}

TEST_CASE("sign-in: the end of passwords is explained, with what helps, while signing in and to MAIL") {
  for (const Stage stage : {Stage::auth, Stage::mail}) {
    const HostResult result = said(stage, 550, {5, 7, 30}, kEnded);
    CHECK(refuses_login(result));
    const Explanation explanation = explain(result);
    CHECK_THAT(explanation.words, Catch::Contains("takes no passwords for this account any more"));
    CHECK_THAT(std::string(explanation.hint), Catch::Contains("end of December 2026") && Catch::Contains("switch them on again") &&
                                                  Catch::Contains("mxpress setup oauth"));
  }
  const Explanation off = explain(said(Stage::auth, 535, {5, 7, 139}, "535 5.7.139 SmtpClientAuthentication is disabled for the Mailbox"));
  CHECK_THAT(std::string(off.hint), Catch::Contains("neither another password nor OAuth helps"));
}

TEST_CASE("sign-in: other refusals of 5.7.30 are no refusals of a login") {
  CHECK_FALSE(refuses_login(said(Stage::mail, 550, {5, 7, 30}, "550 5.7.30 REQUIRETLS support required")));
  CHECK_FALSE(refuses_login(said(Stage::content, 550, {5, 7, 30}, "550 5.7.30 authenticate with DKIM")));
  CHECK_THAT(explain(said(Stage::content, 550, {5, 7, 30}, "550 5.7.30 authenticate with DKIM")).words,
             Catch::Contains("SPF, DKIM or DMARC"));
}

}  // namespace
}  // namespace mxpress::proto
