// Applies rules about replies to the results of an attempt.
#include "mta/delivery/reply_effects.h"

#include <algorithm>
#include <optional>

#include "mta/replies/rule_set.h"
#include "mta/transport/host_answers.h"
#include "mta/transport/report.h"
#include "queue/message.h"
#include "queue/retry.h"

namespace mxpress::mta::delivery {
namespace {

using proto::Outcome;
using replies::ReplyClass;
using transport::AttemptReport;

class Effects {
 public:
  Effects(const replies::RuleSet& rules, const queue::Message& message, const queue::RetryPolicy& policy, Duration age, SenderDomain sender,
          AttemptReport& report)
      : rules_(rules),
        message_(message),
        lifetime_(std::min(policy.own_fault_lifetime, policy.lifetime)),
        age_(age),
        sender_(sender),
        report_(report) {}

  const replies::Rule* apply() {
    // A host that refuses the password has its own rules: docs/delivery.md, Routes.
    if (report_.failure.stage == proto::Stage::auth || (report_.site_failed && proto::refuses_login(report_.failure))) return nullptr;
    for (std::size_t i = 0; i < report_.results.size(); ++i) apply_to(i);
    if (all_wait_) report_.wait = shortest_;
    if (!report_.site_failed && is_of_site_ && site_result_) fail_site();
    return own_fault_;
  }

 private:
  void apply_to(std::size_t index) {
    proto::RecipientResult& result = report_.results[index];
    if (result.outcome == Outcome::delivered || result.outcome == Outcome::untried) return void(is_of_site_ = false);
    const auto match = rules_.match(result.last);
    const bool is_permanent = result.last.reply_code / 100 == 5;
    const bool is_own_fault = match && is_permanent && replies::is_own_fault(match->rule->kind) && lifetime_ > Duration(0);
    const bool is_rate = match && !is_permanent && match->rule->kind == ReplyClass::rate;
    if (is_own_fault) keep(result, *match->rule);
    if (match && concerns_site(*match->rule) && (is_own_fault || is_rate)) {
      site_result_ = site_result_ ? site_result_ : &result;
      is_of_provider_ = is_of_provider_ && !match->rule->hosts.empty();
    } else {
      is_of_site_ = false;
    }
    if (result.outcome == Outcome::deferred || is_own_fault) take_wait(stated_wait(index, match), is_own_fault);
  }

  bool concerns_site(const replies::Rule& rule) const {
    const bool is_of_sender = rule.kind == ReplyClass::identity && rule.who == proto::Actor::dns;
    return rule.scope == replies::Scope::site && !(is_of_sender && sender_ == SenderDomain::foreign);
  }

  // Until its time is over. Then it is returned, and other mail of the site goes on waiting.
  void keep(proto::RecipientResult& result, const replies::Rule& rule) {
    const bool is_over = age_ >= lifetime_;
    result.outcome = is_over ? Outcome::failed : Outcome::deferred;
    result.last.status.klass = is_over ? 5 : 4;
    own_fault_ = own_fault_ ? own_fault_ : &rule;
    report_.is_own_fault = true;
  }

  // Only if the reply before stated none: a host that always states the same time is tried by the schedule from then on.
  std::optional<Duration> stated_wait(std::size_t index, const std::optional<replies::Match>& match) const {
    if (!match || !match->wait) return std::nullopt;
    const std::uint32_t recipient = report_.attempt.recipients[index];
    const auto& before = message_.recipients[recipient].last;
    const auto match_before = before ? rules_.match(*before) : std::nullopt;
    return match_before && match_before->wait ? std::nullopt : match->wait;
  }

  void take_wait(std::optional<Duration> wait, bool is_own_fault) {
    if (!wait && is_own_fault) wait = kOwnFaultWait;
    all_wait_ = all_wait_ && wait;
    if (wait) shortest_ = shortest_ ? std::min(*shortest_, *wait) : *wait;
  }

  void fail_site() {
    report_.site_failed = true;
    report_.failure = site_result_->last;
    report_.after_mail = transport::part_of(site_result_->last.stage);
    report_.is_of_provider = is_of_provider_;
  }

  const replies::RuleSet& rules_;
  const queue::Message& message_;
  const Duration lifetime_;
  const Duration age_;
  const SenderDomain sender_;
  AttemptReport& report_;
  const replies::Rule* own_fault_ = nullptr;
  const proto::RecipientResult* site_result_ = nullptr;  // the first that is about the site
  bool is_of_site_ = true;                               // all of them are
  bool is_of_provider_ = true;                           // all rules about the site name its hosts
  bool all_wait_ = true;
  std::optional<Duration> shortest_;
};

}  // namespace

const replies::Rule* apply_rules(const replies::RuleSet& rules, const queue::Message& message, const queue::RetryPolicy& policy,
                                 Duration age, SenderDomain sender, AttemptReport& report) {
  return Effects(rules, message, policy, age, sender, report).apply();
}

}  // namespace mxpress::mta::delivery
