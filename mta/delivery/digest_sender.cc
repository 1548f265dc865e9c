// Composes and stores the digest.
#include "mta/delivery/digest_sender.h"

#include <exception>

#include "mta/config/config.h"
#include "mta/events/hub.h"
#include "mta/system/instant.h"
#include "mta/system/spool_async.h"
#include "queue/message.h"
#include "queue/message_store.h"

namespace mxpress::mta::delivery {
namespace {

using system::instant_now;

constexpr Duration kLookAgain = std::chrono::seconds(2);
constexpr Duration kAfterFailure = std::chrono::minutes(1);

}  // namespace

bool DigestSender::joins(const queue::Message& message, bool has_turn) {
  if (digest_.waits(message.id)) return true;
  const bool is_for_root = NoticeDigest::is_for(*parts_.config.get(), message.envelope.reverse_path);
  return !has_turn && is_for_root && !digest_.may_go_alone(message.id, instant_now());
}

Task<std::optional<queue::Instant>> DigestSender::wait(proto::QueueId message) {
  if (digest_.is_being_composed()) co_return instant_now() + kLookAgain;
  if (instant_now() >= digest_.due()) {
    std::exception_ptr bug;
    try {
      co_await send();
    } catch (...) {
      bug = std::current_exception();
      digest_.failed(instant_now() + kAfterFailure);
    }
    if (bug) std::rethrow_exception(bug);
    if (!digest_.waits(message)) co_return std::nullopt;
  }
  co_return std::max(digest_.due(), instant_now() + kLookAgain);
}

// A message that cannot be read now waits for the next digest.
Task<void> DigestSender::send() {
  const auto config = parts_.config.get();
  DigestText text(*config);
  std::vector<proto::QueueId> told;
  for (const proto::QueueId id : digest_.begin()) {
    const auto message = co_await actions_.load(id);
    if (!message && message.error().is_transient()) continue;
    const auto failed = message ? actions_.failed_recipients(*message) : std::vector<std::uint32_t>();
    if (!failed.empty() && !text.add(*message, failed)) break;
    told.push_back(id);
  }
  if (text.messages() == 0) co_return digest_.end(told, instant_now());
  co_await store(text, std::move(told));
}

Task<void> DigestSender::store(const DigestText& text, std::vector<proto::QueueId> told) {
  const queue::QueueId id = parts_.spool.next_id();
  queue::NewMessage composed = text.message(id, parts_.random());
  const proto::Envelope envelope = composed.envelope;
  const auto stored = co_await mta::store(parts_.spool, id, std::move(composed));
  if (!stored) {
    parts_.events.emit(events::NoticeNotStored{text.told().front().message, envelope.submitter.share_owner(), stored.error().message});
    co_return digest_.failed(instant_now() + kAfterFailure);
  }
  digest_.end(told, instant_now());
  const proto::ReversePath to(envelope.recipients.front().mailbox);
  for (const auto& one : text.told()) parts_.events.emit(events::NoticeSent{one.message, one.kind, to, id, one.recipients.size()});
  actions_.admit(id, envelope);
}

}  // namespace mxpress::mta::delivery
