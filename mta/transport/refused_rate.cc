// Looks for refusals of class rate.
#include "mta/transport/refused_rate.h"

#include <algorithm>
#include <string>

#include "mta/replies/rule_set.h"
#include "mta/transport/provider_terms.h"
#include "mta/transport/target_connections.h"
#include "mta/transport/transport.h"

namespace mxpress::mta::transport {
namespace {

bool is_too_fast(const replies::RuleSet& rules, const proto::HostResult& result) {
  const auto match = rules.match(result);
  return match && match->rule->kind == replies::ReplyClass::rate && match->rule->scope == replies::Scope::site;
}

bool has_refused(const replies::RuleSet& rules, const AttemptReport& report, const std::string& address) {
  const auto is_refusal = [&](const proto::HostResult& result) {
    return result.reply_code / 100 == 4 && result.address == address && is_too_fast(rules, result);
  };
  const auto few = report.results.begin() + static_cast<std::ptrdiff_t>(std::min(report.results.size(), kManyRecipients));
  return is_refusal(report.failure) || std::any_of(report.results.begin(), few, [&](const auto& one) { return is_refusal(one.last); });
}

}  // namespace

bool came_too_fast(const Order& order, const AttemptReport& report, const TargetConnections& connections) {
  return order.rules && std::any_of(order.targets.begin(), order.targets.end(), [&](const dns::Target& target) {
           return has_refused(*order.rules, report, target.address_text()) &&
                  connections.has_taken_mail(provider_terms(order, target).place);
         });
}

}  // namespace mxpress::mta::transport
