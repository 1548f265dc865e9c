// What the classes of replies change in the outcome of an attempt.
#include "mta/delivery/reply_effects.h"

#include <catch2/catch.hpp>

#include "mta/replies/current_rules.h"
#include "mta/transport/report.h"
#include "queue/message.h"
#include "queue/retry.h"

using namespace mxpress;
using namespace std::chrono_literals;
using mta::delivery::apply_rules;
using mta::delivery::kOwnFaultWait;
using mta::delivery::SenderDomain;
using mta::replies::typed_reply;
using mta::replies::When;
using mta::transport::AttemptReport;
using proto::Outcome;

namespace {

constexpr const char* kListed = "554 5.7.1 blocked using zen.spamhaus.org";
constexpr const char* kUnknown = "550 5.1.1 user unknown";

const mta::replies::RuleSet& rules() {
  static const mta::replies::RuleFile file = mta::replies::parse_rules(mta::replies::kOwnRules, "replies.toml");
  return file.rules;
}

struct Case {
  queue::Message message;
  AttemptReport report;
  queue::RetryPolicy policy;
  Duration age{0};
  SenderDomain sender = SenderDomain::own;
  const mta::replies::Rule* fault = nullptr;

  // A recipient that got this reply; "": the message was delivered to him.
  Case& with(std::string_view reply, When when = When::rcpt) {
    proto::HostResult result = reply.empty() ? proto::HostResult() : typed_reply(reply, "mx.there.example", when);
    const Outcome outcome = reply.empty() ? Outcome::delivered : result.reply_code / 100 == 5 ? Outcome::failed : Outcome::deferred;
    report.attempt.recipients.push_back(static_cast<std::uint32_t>(report.results.size()));
    report.results.push_back({outcome, std::move(result)});
    message.recipients.emplace_back();
    return *this;
  }
  Case& apply() {
    fault = apply_rules(rules(), message, policy, age, sender, report);
    return *this;
  }
  Outcome outcome(std::size_t index = 0) const { return report.results.at(index).outcome; }
};

}  // namespace

TEST_CASE("reply effects: what is refused for good by an own fault is kept, and counts as a failure of the site") {
  Case one;
  one.with(kListed).apply();
  CHECK(one.outcome() == Outcome::deferred);
  CHECK(one.report.results[0].last.status.klass == 4);
  CHECK(one.report.results[0].last.reply_code == 554);
  CHECK(one.report.is_own_fault);
  CHECK(one.report.wait == kOwnFaultWait);
  CHECK(one.report.site_failed);
  CHECK(one.report.after_mail == proto::Stage::rcpt);
  CHECK(one.report.failure == one.report.results[0].last);
  REQUIRE(one.fault);
  CHECK(one.fault->name == "spamhaus");
}

TEST_CASE("reply effects: what the records of a sender's domain lack holds other mail up only if the domain is this host's own") {
  constexpr const char* kSpf = "550 5.7.26 The MAIL FROM domain [example.org] has an SPF record with a hard fail policy (-all)";
  constexpr const char* kDmarc = "550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy.";
  for (const auto sender : {SenderDomain::own, SenderDomain::foreign})
    for (const char* reply : {kSpf, kDmarc, kListed}) {
      Case one;
      one.sender = sender;
      one.with(reply).apply();
      INFO(reply);
      CHECK(one.outcome() == Outcome::deferred);
      CHECK(one.report.wait == kOwnFaultWait);
      CHECK(one.report.is_own_fault);
      CHECK(one.report.site_failed == (reply == kListed || (reply == kSpf && sender == SenderDomain::own)));
    }
}

TEST_CASE("reply effects: recipient, mailbox, content, size and policy bounce at once, and so does what no rule is about") {
  for (const char* reply : {kUnknown, "552 5.2.2 over quota", "550 5.7.1 message is spam", "552 5.3.4 message too large",
                            "550 5.7.1 local policy", "550 5.7.1 xyzzy"}) {
    Case one;
    one.with(reply).apply();
    INFO(reply);
    CHECK(one.outcome() == Outcome::failed);
    CHECK_FALSE(one.report.site_failed);
    CHECK_FALSE(one.report.wait);
    CHECK_FALSE(one.fault);
  }
}

TEST_CASE("reply effects: a 4xx never fails, and a delivery stays one") {
  for (const char* reply : {"450 5.1.1 user unknown", "421 4.7.1 message is spam", "452 4.2.2 over quota", "450 4.7.1 xyzzy"}) {
    Case one;
    one.age = 24h * 365;
    one.with(reply).with("").apply();
    INFO(reply);
    CHECK(one.outcome(0) == Outcome::deferred);
    CHECK(one.outcome(1) == Outcome::delivered);
  }
}

TEST_CASE("reply effects: when the time of an own fault is over the mail fails, but the site goes on waiting") {
  Case one;
  one.age = 48h;
  one.with(kListed).apply();
  CHECK(one.outcome() == Outcome::failed);
  CHECK(one.report.results[0].last.status.klass == 5);
  CHECK(one.report.site_failed);
  CHECK(one.report.is_own_fault);
  Case short_lived;
  short_lived.policy.lifetime = Duration(0);
  CHECK(short_lived.with(kListed).apply().outcome() == Outcome::failed);
}

TEST_CASE("reply effects: own_fault_lifetime = 0 changes nothing") {
  Case one;
  one.policy.own_fault_lifetime = Duration(0);
  one.with(kListed).apply();
  CHECK(one.outcome() == Outcome::failed);
  CHECK_FALSE(one.report.site_failed);
  CHECK_FALSE(one.fault);
}

TEST_CASE("reply effects: if another recipient has an answer it is no failure of the site") {
  Case with_delivery;
  with_delivery.with(kListed).with("").apply();
  CHECK(with_delivery.outcome() == Outcome::deferred);
  CHECK_FALSE(with_delivery.report.site_failed);
  CHECK(with_delivery.report.wait == kOwnFaultWait);
  Case with_failure;
  with_failure.with(kListed).with(kUnknown).apply();
  CHECK(with_failure.outcome(0) == Outcome::deferred);
  CHECK(with_failure.outcome(1) == Outcome::failed);
  CHECK_FALSE(with_failure.report.site_failed);
}

TEST_CASE("reply effects: a refusal to the content is a failure in that part") {
  Case one;
  one.with("550 5.7.26 SPF check failed", When::data).apply();
  CHECK(one.report.after_mail == proto::Stage::content);
}

TEST_CASE("reply effects: a refusing greeting is probed every four hours, and its mail returned in time") {
  Case one;
  one.with("554 refused", When::greeting);
  one.report.results[0].outcome = Outcome::deferred;
  one.report.site_failed = true;
  one.report.failure = one.report.results[0].last;
  Case late = one;
  one.apply();
  CHECK(one.outcome() == Outcome::deferred);
  CHECK(one.report.wait == kOwnFaultWait);
  CHECK_FALSE(one.report.after_mail);
  late.age = 48h;
  CHECK(late.apply().outcome() == Outcome::failed);
}

TEST_CASE("reply effects: a stated wait is obeyed once") {
  Case one;
  one.with("451 4.7.1 Greylisted, try again in 300 seconds").apply();
  CHECK(one.report.wait == 300s);
  CHECK_FALSE(one.report.site_failed);
  Case again;
  again.with("451 4.7.1 Greylisted, try again in 300 seconds");
  again.message.recipients[0].last = typed_reply("451 4.7.1 Greylisted, try again in 600 seconds", "mx.there.example", When::rcpt);
  CHECK_FALSE(again.apply().report.wait);
}

TEST_CASE("reply effects: the shortest wait counts, and the schedule where one recipient has none") {
  Case one;
  one.with("451 4.7.1 Greylisted, try again in 300 seconds").with("451 4.7.1 Greylisted, try again in 120 seconds").apply();
  CHECK(one.report.wait == 120s);
  Case other;
  other.with("451 4.7.1 Greylisted, try again in 300 seconds").with("450 4.7.1 xyzzy").apply();
  CHECK_FALSE(other.report.wait);
}

TEST_CASE("reply effects: a rate limit of the host slows the site, one of the recipient does not") {
  Case host;
  host.with("450 4.7.1 rate limit exceeded, try again in 10 minutes").apply();
  CHECK(host.report.site_failed);
  CHECK_FALSE(host.report.is_own_fault);
  CHECK(host.report.wait == 600s);
  Case recipient;
  recipient.with("450 4.2.1 The user is receiving mail too quickly").apply();
  CHECK_FALSE(recipient.report.site_failed);
}

TEST_CASE("reply effects: a refused password has its own rules") {
  Case one;
  one.with("535 5.7.8 authentication failed", When::mail);
  one.report.results[0].outcome = Outcome::deferred;
  one.report.site_failed = true;
  one.report.failure = one.report.results[0].last;
  one.apply();
  CHECK_FALSE(one.report.wait);
  CHECK_FALSE(one.fault);
}
