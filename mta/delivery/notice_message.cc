// Composes notices.
#include "mta/delivery/notice_message.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>

#include "dns/async.h"
#include "mta/config/config.h"
#include "mta/delivery/destination.h"
#include "mta/delivery/verdict.h"
#include "mta/languages/languages.h"
#include "mta/replies/meaning.h"
#include "mta/routing/aliases.h"
#include "mta/routing/recipients.h"
#include "mta/system/crash_record.h"
#include "proto/dsn.h"
#include "proto/header.h"

namespace mxpress::mta::delivery {
namespace {

using queue::RecipientStage;
using Kind = queue::NoticeKind;

proto::NoticeKind notice_kind(Kind kind) {
  if (kind == Kind::delay) return proto::NoticeKind::delay;
  return kind == Kind::success ? proto::NoticeKind::success : proto::NoticeKind::failure;
}

// A mailbox or a command of this host is the end of the way (RFC 3461 5.2.3), a mail host is not (5.2.2).
proto::NoticeAction notice_action(Kind kind, const queue::RecipientState& state) {
  if (kind == Kind::delay) return proto::NoticeAction::delayed;
  if (kind != Kind::success) return proto::NoticeAction::failed;
  return state.last && state.last->stage == proto::Stage::local ? proto::NoticeAction::delivered : proto::NoticeAction::relayed;
}

proto::NoticeRecipient describe(const queue::Message& message, std::uint32_t index, Kind kind) {
  const queue::RecipientState& state = message.recipients[index];
  proto::NoticeRecipient recipient{message.envelope.recipients[index].mailbox,
                                   message.envelope.recipients[index].original_recipient,
                                   notice_action(kind, state),
                                   state.last.value_or(proto::HostResult{}),
                                   std::nullopt,
                                   std::nullopt};
  if (state.attempts > 0) recipient.last_attempt = state.last_time;
  recipient.has_expired = state.expired;
  recipient.is_told_of_failure = message.envelope.recipients[index].notify.wants_failure();
  return recipient;
}

void describe_delay(proto::NoticeRecipient& recipient, const queue::RecipientState& state, const std::vector<NoticeDelay>& delays,
                    const routing::RecipientRouting& routing) {
  const routing::DestinationName destination = routing.destination_of(recipient.mailbox);
  const auto delay = std::find_if(delays.begin(), delays.end(), [&](const NoticeDelay& each) { return each.destination == destination; });
  if (delay == delays.end()) return;
  recipient.will_retry_until = delay->will_retry_until;
  if (delay->failure) recipient.result = told_to(state, *delay->failure);
}

}  // namespace

std::vector<std::uint32_t> delayed_recipients(const queue::Message& message, const std::vector<NoticeDelay>& delays, const Config& config) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    const proto::Recipient& recipient = message.envelope.recipients[i];
    if (message.recipients[i].delay_notice_sent) return {};
    if (message.recipients[i].stage != RecipientStage::pending || !recipient.notify.wants_delay()) continue;
    const proto::Domain& domain = recipient.mailbox.domain();
    const Duration notice = config.is_local(domain) ? config.retry.delay_notice : config.retry_for(domain).delay_notice;
    if (notice > Duration(0)) result.push_back(i);
  }
  if (result.size() <= proto::kMaxListed) return result;
  std::set<std::string_view> known;
  for (const NoticeDelay& delay : delays) known.insert(delay.destination.text());
  const routing::RecipientRouting routing(message.envelope, config);
  const auto is_known = [&](std::uint32_t i) {
    return known.contains(routing.destination_of(message.envelope.recipients[i].mailbox).text());
  };
  std::vector<std::uint32_t> ordered;
  std::copy_if(result.begin(), result.end(), std::back_inserter(ordered), is_known);
  std::copy_if(result.begin(), result.end(), std::back_inserter(ordered), std::not_fn(is_known));
  return ordered;
}

Result<std::string> read_original(const queue::Content& content) {
  std::string text(std::min<std::uint64_t>(content.size(), proto::kMaxReturnedMessage), '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const auto got = content.read(have, text.data() + have, text.size() - have);
    if (!got) return got.error();
    if (*got == 0) break;
    have += *got;
  }
  text.resize(have);
  return text;
}

namespace {

// A header that names the message and shows nothing of it.
std::string name_of(std::string_view original) {
  const auto id = proto::find_field(proto::split_message(original).header, "Message-ID");
  return id ? "Message-ID: " + proto::unfolded(id->value) + "\r\n\r\n" : std::string("\r\n");
}

// The language of the message, else the one of the configuration. Null: English.
const proto::Phrases* phrases_for(std::string_view original, const Config& config) {
  if (!config.languages) return nullptr;
  const auto named = proto::find_field(proto::split_message(original).header, "Content-Language");
  const proto::Phrases* const found = named ? config.languages->first_of(proto::unfolded(named->value)) : nullptr;
  return found ? found : config.languages->find(config.notices_language);
}

}  // namespace

queue::NewMessage compose_notice(queue::QueueId id, const queue::Message& message, const Result<std::string>& original,
                                 const NoticeRequest& request, const Config& config, std::uint64_t boundary) {
  const system::HandlingNow handling(message.id);
  const WallTime now = Clock::current().wall();
  proto::Notice notice{notice_kind(request.kind),
                       config.own_domain(),
                       message.envelope.reverse_path.mailbox(),
                       config.sender_domain,
                       message.envelope.envid,
                       message.envelope.ret,
                       message.envelope.submitted,
                       now,
                       0,
                       id.to_string() + "@" + config.hostname,
                       "=_" + std::to_string(boundary),
                       "",
                       false,
                       {},
                       0,
                       ""};
  if (original) {
    notice.original = *original;
    notice.original_is_whole = message.content && original->size() == message.content->size();
  }
  notice.phrases = phrases_for(notice.original, config);
  std::string name;
  if (message.envelope.tls == proto::TlsWish::require) {  // RFC 8689 5: the notice may travel without TLS
    notice.original = name = name_of(notice.original);
    notice.original_is_whole = false;
    notice.ret = proto::Return::headers;
  }
  notice.queue_id = message.id.to_string();
  const std::size_t listed = std::min(request.recipients.size(), proto::kMaxListed);
  notice.not_listed = request.recipients.size() - listed;
  const routing::RecipientRouting routing(message.envelope, config);
  for (std::size_t i = 0; i < listed; ++i) {
    const std::uint32_t index = request.recipients[i];
    notice.recipients.push_back(describe(message, index, request.kind));
    proto::NoticeRecipient& recipient = notice.recipients.back();
    if (request.kind == Kind::delay) describe_delay(recipient, message.recipients[index], request.delays, routing);
    if (recipient.result.reply_code >= 400) recipient.explanation = replies::explain(config.replies.get(), recipient.result);
  }
  queue::NewMessage composed;
  composed.envelope.recipients = routing::expanded(config, {notice.to, {}, ""});
  composed.envelope.is_notice = true;
  composed.envelope.submitter.entrance = "mxpressd";
  composed.envelope.submitter.share = message.envelope.submitter.share_owner();
  composed.envelope.submitted = now;
  composed.content = routing::redirect_recipients(config, composed.envelope.recipients) + proto::compose_notice(notice);
  composed.envelope.held_because = routing::hold_reason(config, composed.envelope);
  composed.notice_for.push_back({message.id, request.recipients, request.kind});
  return composed;
}

}  // namespace mxpress::mta::delivery
