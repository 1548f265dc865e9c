// The outcome table: the effect of an attempt on each recipient.
#include "mta/delivery/verdict.h"
#include "queue/retry.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta::delivery;
using mxpress::mta::transport::most_telling;
using mxpress::queue::RecipientStage;
using proto::Outcome;

namespace {

const WallTime kNow{std::chrono::hours(500'000)};

proto::Mailbox mailbox(const char* text) { return *proto::Mailbox::parse(text); }

queue::Message message_from(const char* sender, proto::Notify notify = {}) {
  queue::Message message;
  if (*sender) message.envelope.reverse_path = proto::ReversePath(mailbox(sender));
  message.envelope.recipients.push_back({mailbox("you@there.example"), notify, ""});
  message.envelope.submitted = kNow;
  message.recipients.resize(1);
  return message;
}

proto::HostResult reply(int code) {
  proto::HostResult result;
  result.stage = proto::Stage::rcpt;
  result.status = {code / 100, 0, 0};
  result.reply_code = code;
  result.text = std::to_string(code) + " said so";
  return result;
}

AttemptReport report(Outcome outcome, int code) {
  AttemptReport report;
  report.attempt.time = report.ended = kNow;
  report.attempt.recipients = {0};
  report.results = {{outcome, reply(code)}};
  return report;
}

Verdict judge(const queue::Message& message, AttemptReport report, Duration age = Duration(0),
              std::optional<WallTime> next_try = std::nullopt) {
  std::mt19937_64 random(1);
  return conclude(message, std::move(report), queue::RetryPolicy{}, age, next_try, random);
}

RecipientStage stage_of(const Verdict& verdict) { return verdict.settlement.changes.at(0).state.stage; }

}  // namespace

TEST_CASE("verdict: a recipient that was delivered is delivered, and the job is done") {
  const Verdict verdict = judge(message_from("me@here.example"), report(Outcome::delivered, 250));
  CHECK(stage_of(verdict) == RecipientStage::delivered);
  CHECK_FALSE(verdict.open);
  CHECK_FALSE(verdict.notice_pending);
}

TEST_CASE("verdict: a refused recipient owes the sender a notice") {
  const Verdict verdict = judge(message_from("me@here.example"), report(Outcome::failed, 550));
  CHECK(stage_of(verdict) == RecipientStage::notice_pending);
  CHECK(verdict.notice_pending);
  CHECK(verdict.settlement.changes[0].state.last->reply_code == 550);
}

TEST_CASE("verdict: nobody is told of a failure of mail from the null reverse-path") {
  const Verdict verdict = judge(message_from(""), report(Outcome::failed, 550));
  CHECK(stage_of(verdict) == RecipientStage::ended);
  CHECK_FALSE(verdict.notice_pending);
}

TEST_CASE("verdict: our own notice that fails stays pending, for the local mailbox") {
  queue::Message notice = message_from("");
  notice.envelope.is_notice = true;
  CHECK(stage_of(judge(notice, report(Outcome::failed, 550))) == RecipientStage::notice_pending);
}

TEST_CASE("verdict: NOTIFY=NEVER is silent") {
  proto::Notify never;
  never.given = true;
  CHECK(stage_of(judge(message_from("me@here.example", never), report(Outcome::failed, 550))) == RecipientStage::ended);
}

TEST_CASE("verdict: NOTIFY=SUCCESS is owed a notice only if nobody else answers for it") {
  proto::Notify success;
  success.given = success.success = true;
  AttemptReport attempt = report(Outcome::delivered, 250);
  CHECK(stage_of(judge(message_from("me@here.example", success), attempt)) == RecipientStage::notice_pending);
  attempt.results[0].dsn_passed_on = true;
  CHECK(stage_of(judge(message_from("me@here.example", success), attempt)) == RecipientStage::delivered);
}

TEST_CASE("verdict: a deferred recipient waits for about the first step of the schedule") {
  const Verdict verdict = judge(message_from("me@here.example"), report(Outcome::deferred, 451));
  CHECK(stage_of(verdict) == RecipientStage::pending);
  CHECK(verdict.open);
  CHECK(verdict.next_try >= kNow + std::chrono::seconds(54));
  CHECK(verdict.next_try <= kNow + std::chrono::seconds(66));
  CHECK(verdict.settlement.changes[0].state.next_try == verdict.next_try);
  CHECK(verdict.settlement.changes[0].state.attempts == 1);
}

TEST_CASE("verdict: a site in backoff says itself when to try again") {
  const WallTime probe = kNow + std::chrono::hours(2);
  CHECK(judge(message_from("me@here.example"), report(Outcome::deferred, 421), Duration(0), probe).next_try == probe);
}

TEST_CASE("verdict: what is deferred past its lifetime has expired") {
  const Verdict young = judge(message_from("me@here.example"), report(Outcome::deferred, 451), std::chrono::hours(119));
  CHECK(stage_of(young) == RecipientStage::pending);
  const Verdict old = judge(message_from("me@here.example"), report(Outcome::deferred, 451), std::chrono::hours(120));
  CHECK(stage_of(old) == RecipientStage::notice_pending);
  CHECK(old.settlement.changes[0].state.expired);
  CHECK_FALSE(old.open);
}

TEST_CASE("verdict: a recipient whose turn never came is left as it was") {
  const Verdict verdict = judge(message_from("me@here.example"), report(Outcome::untried, 0), std::chrono::hours(500));
  CHECK(stage_of(verdict) == RecipientStage::pending);
  CHECK(verdict.settlement.changes[0].state.attempts == 0);
  CHECK_FALSE(verdict.settlement.changes[0].state.last);
}

TEST_CASE("verdict: a reply says more than our own finding, and a later stage more than an earlier one") {
  proto::HostResult unreachable;
  unreachable.stage = proto::Stage::connect;
  unreachable.text = "network is unreachable";
  const proto::HostResult refusal = reply(450);
  CHECK(most_telling(refusal, unreachable).text == refusal.text);
  CHECK(most_telling(unreachable, refusal).text == refusal.text);
  proto::HostResult tls = unreachable;
  tls.stage = proto::Stage::tls;
  CHECK(most_telling(unreachable, tls).stage == proto::Stage::tls);
}

TEST_CASE("verdict: an address that this host has no way to says less than one that was silent or refused, whichever came first") {
  proto::HostResult silent;
  silent.stage = proto::Stage::connect;
  silent.text = "connection timed out after 30 s";
  for (const char* text : {"network is unreachable", "no route to host", "address family not supported by this machine"}) {
    proto::HostResult unreachable = silent;
    unreachable.text = text;
    CHECK(most_telling(unreachable, silent).text == silent.text);
    CHECK(most_telling(silent, unreachable).text == silent.text);
    CHECK(most_telling(unreachable, proto::HostResult()).text == text);  // a lookup
  }
}

TEST_CASE("verdict: the wait begins when the attempt ends, however long a slow host has drawn it out") {
  AttemptReport slow = report(Outcome::deferred, 451);
  slow.ended = kNow + std::chrono::minutes(20);
  CHECK(judge(message_from("me@here.example"), std::move(slow)).next_try >= kNow + std::chrono::minutes(20) + std::chrono::seconds(54));
}
