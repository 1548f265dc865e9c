// Puts rules into explanations.
#include "mta/replies/meaning.h"

#include "mta/replies/rule_set.h"
#include "proto/reply_cause.h"

namespace mxpress::mta::replies {
namespace {

using proto::Actor;
using proto::Remedy;

Remedy remedy_for(const Rule& rule) {
  switch (rule.who) {
    case Actor::sender:
      return rule.kind == ReplyClass::size ? Remedy::send_smaller
             : is_about_mailbox(rule.kind) ? Remedy::check_address
                                           : Remedy::send_later;
    case Actor::recipient:
    case Actor::receiver:
      return rule.kind == ReplyClass::recipient ? Remedy::check_address : Remedy::ask_recipient;
    case Actor::administrator:
    case Actor::dns:
    case Actor::hosting:
      return Remedy::ask_administrator;
    case Actor::nobody:
      break;
  }
  return Remedy::send_later;
}

// The rule says that it is listed, the reply says where.
std::string cause_of(const Rule& rule, const proto::HostResult& result) {
  if (rule.kind != ReplyClass::reputation) return rule.cause;
  const proto::ReplyFinding finding = proto::cause_of(result.text);
  if (finding.cause != proto::ReplyCause::block_list || finding.block_list.find('.') == std::string::npos) return rule.cause;
  return rule.cause + " The reply names the block list \"" + finding.block_list + "\".";
}

}  // namespace

proto::Explanation explain(const RuleSet* rules, const proto::HostResult& result) {
  // Of refused passwords proto knows more.
  const auto found = rules && result.stage != proto::Stage::auth ? rules->match(result) : std::nullopt;
  if (!found) return proto::explain(result);
  const Rule& rule = *found->rule;
  return {cause_of(rule, result), remedy_for(rule), {}, proto::Advice{std::string(to_string(rule.kind)), rule.who, rule.todo, rule.link}};
}

}  // namespace mxpress::mta::replies
