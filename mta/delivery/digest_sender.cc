// Composes and stores the digest.
#include "mta/delivery/digest_sender.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "mta/config/config.h"
#include "mta/events/hub.h"
#include "mta/fairness/blocking.h"
#include "mta/system/crash_record.h"
#include "mta/system/instant.h"
#include "mta/system/spool_async.h"
#include "proto/encoded_word.h"
#include "proto/header.h"
#include "proto/printable.h"
#include "queue/message.h"
#include "queue/message_store.h"

namespace mxpress::mta::delivery {
namespace {

using system::instant_now;

constexpr Duration kLookAgain = std::chrono::seconds(2);
constexpr Duration kAfterFailure = std::chrono::minutes(1);
constexpr std::size_t kFront = 16u << 10;  // octets of a message in which its subject is looked for
constexpr std::size_t kMostSubject = 100;  // octets

}  // namespace

// Digests that have nothing to report any more make room.
NoticeDigest& DigestSender::digest_of(const fairness::Owner& owner) {
  if (const auto known = digests_.find(owner); known != digests_.end()) return known->second;
  if (digests_.size() >= kMostOwners)
    std::erase_if(digests_, [now = instant_now()](const auto& one) { return one.second.is_forgettable(now); });
  return digests_.size() < kMostOwners ? digests_[owner] : of_others_;
}

bool DigestSender::joins(const queue::Message& message, bool has_turn) {
  if (!NoticeDigest::is_for(*parts_.config.get(), message.envelope.reverse_path)) return false;
  NoticeDigest& digest = digest_of(message.envelope.submitter.share_owner());
  return digest.waits(message.id) || of_others_.waits(message.id) || (!has_turn && !digest.may_go_alone(message.id, instant_now()));
}

// A digest that a message waits for, or that is being composed, is not forgotten meanwhile.
Task<std::optional<queue::Instant>> DigestSender::wait(proto::QueueId message, fairness::Owner owner) {
  NoticeDigest& digest = of_others_.waits(message) ? of_others_ : digest_of(owner);
  if (digest.is_being_composed()) co_return instant_now() + kLookAgain;
  if (instant_now() >= digest.due()) {
    std::exception_ptr bug;
    try {
      co_await send(digest);
    } catch (...) {
      bug = std::current_exception();
      digest.failed({}, instant_now() + kAfterFailure);
    }
    if (bug) std::rethrow_exception(bug);
    if (!digest.waits(message)) co_return std::nullopt;
  }
  co_return std::max(digest.due(), instant_now() + kLookAgain);
}

// A message that cannot be read now waits for the next digest.
Task<void> DigestSender::send(NoticeDigest& digest) {
  const auto config = parts_.config.get();
  DigestText text(*config);
  std::vector<proto::QueueId> told;
  auto rest = NoticeDigest::Rest::none;
  for (const proto::QueueId id : digest.begin()) {
    const auto message = co_await actions_.load(id);
    if (!message && message.error().is_transient()) continue;
    const auto failed = message ? actions_.failed_recipients(*message) : std::vector<std::uint32_t>();
    const std::string subject = !failed.empty() && text.explains_more() ? co_await subject_of(*message) : std::string();
    if (!failed.empty() && !text.add(*message, failed, subject)) {
      rest = NoticeDigest::Rest::follows;
      break;
    }
    told.push_back(id);
  }
  if (text.messages() == 0) co_return digest.failed(told, instant_now() + kAfterFailure);
  co_await store(digest, text, std::move(told), rest);
}

// One that cannot be read is left out.
Task<std::string> DigestSender::subject_of(const queue::Message& message) {
  if (!message.content) co_return std::string();
  auto read = [content = message.content, id = message.id] {
    const system::HandlingNow now(id);
    std::string front(std::min<std::uint64_t>(content->size(), kFront), '\0');
    const auto got = content->read(0, front.data(), front.size());
    front.resize(got ? *got : 0);
    const auto subject = proto::find_field(proto::split_message(front).header, "Subject");
    const std::string line = subject ? proto::unfolded(subject->value).substr(0, kFront) : std::string();
    return proto::printable_utf8(proto::with_words_decoded(line), kMostSubject);
  };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), kFront};
  co_return co_await fairness::run_blocking(parts_.files, turn, std::move(read));
}

Task<void> DigestSender::store(NoticeDigest& digest, const DigestText& text, std::vector<proto::QueueId> told, NoticeDigest::Rest rest) {
  const queue::QueueId id = parts_.spool.next_id();
  queue::NewMessage composed = text.message(id, parts_.random());
  const proto::Envelope envelope = composed.envelope;
  const auto stored = co_await mta::store(parts_.spool, id, std::move(composed));
  if (!stored) {
    parts_.events.emit(events::NoticeNotStored{text.told().front().message, envelope.submitter.share_owner(), stored.error().message});
    co_return digest.failed({}, instant_now() + kAfterFailure);
  }
  digest.end(told, rest, instant_now());
  const proto::ReversePath to(envelope.recipients.front().mailbox);
  for (const auto& one : text.told()) parts_.events.emit(events::NoticeSent{one.message, one.kind, to, id, one.recipients.size()});
  actions_.admit(id, envelope);
}

}  // namespace mxpress::mta::delivery
