// Reads the answers of mail hosts.
#include "mta/transport/host_answers.h"

#include <algorithm>
#include <utility>

#include "dns/target.h"
#include "mta/smtp/client.h"
#include "mta/smtp/client_result.h"
#include "proto/reply_cause.h"
#include "queue/message.h"

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

void note_transaction(queue::Attempt& history, proto::HostAttempt attempt, const smtp::TransactionResult& result, std::size_t most_words) {
  using proto::Outcome;
  const auto is_refused = [&](const proto::RecipientResult& one) {
    return (one.outcome == Outcome::failed || one.outcome == Outcome::deferred) && one.last != attempt.result;
  };
  const auto refused = std::find_if(result.recipients.begin(), result.recipients.end(), is_refused);
  history.hosts.push_back(std::move(attempt));
  if (refused == result.recipients.end()) return;
  proto::HostAttempt refusal = history.hosts.back();
  refusal.result = refused->last;
  smtp::shorten(refusal.result, most_words);
  history.hosts.push_back(std::move(refusal));
}

bool has_delivered(const smtp::TransactionResult& result) {
  return std::any_of(result.recipients.begin(), result.recipients.end(),
                     [](const auto& recipient) { return recipient.outcome == proto::Outcome::delivered; });
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
