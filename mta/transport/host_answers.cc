// Reads the answers of mail hosts.
#include "mta/transport/host_answers.h"

#include <algorithm>

#include "dns/target.h"
#include "mta/smtp/client.h"
#include "proto/reply_cause.h"

namespace mxpress::mta::transport {

using proto::HostResult;
using proto::Stage;

bool is_at_or_after_mail(const HostResult& failure) {
  const Stage stage = failure.stage;
  return stage == Stage::mail || stage == Stage::rcpt || stage == Stage::data || stage == Stage::content;
}

Stage part_of(Stage stage) { return stage == Stage::content ? Stage::content : Stage::rcpt; }

bool takes_no_more(const HostResult& failure) {
  if (failure.reply_code / 100 != 4) return false;
  if (failure.stage == Stage::greeting) return true;
  return failure.stage == Stage::hello && (failure.reply_code == 421 || proto::cause_of(failure.text).cause == proto::ReplyCause::rate);
}

HostResult has_enough(const dns::Target& target) {
  constexpr proto::EnhancedStatus kCongested{4, 4, 5};
  HostResult result{Stage::connect, target.host, target.address_text(), "", kCongested, 0, "", false};
  result.text = "the mail host takes no more connections at the moment: mail waits until one of those that are open ends";
  return result;
}

std::size_t answered_in(const smtp::TransactionResult& result) {
  const auto is_answered = [](const auto& recipient) { return recipient.outcome != proto::Outcome::untried; };
  return static_cast<std::size_t>(std::count_if(result.recipients.begin(), result.recipients.end(), is_answered));
}

std::optional<HostResult> refusal_in(const smtp::TransactionResult& result) {
  if (result.host_failure) return result.last;
  const auto is_left_out = [](const auto& recipient) { return recipient.outcome != proto::Outcome::delivered; };
  const auto found = std::find_if(result.recipients.begin(), result.recipients.end(), is_left_out);
  return found == result.recipients.end() ? std::nullopt : std::optional(found->last);
}

}  // namespace mxpress::mta::transport
