// The ledger of the simulation: accepted mail, mail that each host took, durable states of the spool; and checks of forbidden events.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/message_store.h"
#include "queue/retry.h"
#include "tests/sim/world.h"

namespace mxpress::sim {

using queue::QueueId;
using queue::RecipientStage;
using NoticeKind = queue::NewMessage::NoticeFor::Kind;

struct BookedRecipient {
  std::uint32_t message = 0, destination = 0;
  RecipientStage stage = RecipientStage::pending;  // the durable one
  std::uint8_t deliveries = 0;                     // a mail host has accepted it
  std::uint8_t excuses = 0;                        // lost replies and crashes that explain one more delivery each
  std::uint8_t notices[3] = {};                    // by NoticeKind
  bool wants_failure : 1 = false, wants_success : 1 = false;
  bool unsettled : 1 = false;  // a host has it, and that is not durable yet
  bool refused : 1 = false;    // a host has said 5xx
  bool returned : 1 = false;   // by the operator
  Instant not_before{};        // after a 4xx of its own: time of its next try
  Instant first_seen{};        // by a greylisting host
};

struct BookedMessage {
  enum class Standing : std::uint8_t { submitted, accepted, refused };
  QueueId id;
  Instant submitted{};
  Instant stopped_since = Instant::max();  // held, removed or returned: no transaction begins later than this
  std::uint32_t first = 0, count = 0;      // recipients
  std::uint32_t open = 0;                  // of them: pending or has a notice pending
  std::uint32_t place = 0;                 // in the list of open messages
  std::uint32_t checksum = 0;              // of the content
  std::uint32_t seen_in_run = 0;           // the recovery that last found it
  std::uint16_t in_doubt = 0;              // changes that are on their way to the disk
  Standing standing = Standing::submitted;
  bool is_notice : 1 = false, null_sender : 1 = false, held : 1 = false;
  bool disturbed : 1 = false;  // by the operator or a crash: says nothing about how fast mail is delivered
};

struct Figures {
  std::uint64_t messages = 0, notices = 0, recipients = 0, delivered = 0, bounced = 0, removed = 0, silent = 0;
  std::uint64_t repeats = 0, offers = 0, lost = 0;
  Duration slowest{0};  // from acceptance to delivery, without faults
  Duration latest{0};   // beyond the lifetime, until deferred mail was returned
};

struct LedgerOptions {
  queue::RetryPolicy policy;
  Duration prompt = std::chrono::minutes(30);  // time within which the mail of a healthy destination must be delivered
};

class Ledger {
 public:
  using Index = std::uint32_t;
  Ledger(const World& world, LedgerOptions options) : world_(world), options_(std::move(options)) {}

  // The spool's events, from ObservedSpool.
  Index submitted(QueueId id, const queue::NewMessage& message);
  void set_checksum(QueueId id, std::uint32_t checksum) { messages_[index_of(id)].checksum = checksum; }
  void acknowledged(Index message);
  void refused(Index message) { messages_[message].standing = BookedMessage::Standing::refused; }
  void settling(const queue::Settlement& settlement);
  void settled(QueueId id, std::uint32_t recipient, RecipientStage stage);
  void acting(QueueId id, queue::ActionKind action);
  void acted(QueueId id, queue::ActionKind action);
  void doubt_over(QueueId id) { --messages_[index_of(id)].in_doubt; }

  // The operator's action has reached every worker.
  void stopped(QueueId id, queue::ActionKind action);

  // A crash, and the findings of recovery.
  void crashed();
  void found(const queue::Message& message);
  void recovered(const std::function<Result<queue::Message>(QueueId)>& load);

  // The mail hosts' events.
  void offered(Index recipient, Instant mail);
  void was_refused(Index recipient) { recipients_[recipient].refused = true; }
  void delivered(Index message, const std::vector<Index>& recipients, const std::string& content);
  void reply_lost(Index message, const std::vector<Index>& recipients);
  Instant first_seen(Index recipient);

  // Data that the mail hosts need.
  Index index_of(QueueId id) const;
  Index next_recipient() const { return static_cast<Index>(recipients_.size()); }
  const BookedMessage& message(Index index) const { return messages_[index]; }
  const BookedRecipient& recipient(Index index) const { return recipients_[index]; }
  Index recipient_count() const { return static_cast<Index>(recipients_.size()); }
  const std::vector<Index>& open() const { return open_; }
  const std::vector<Index>& held() const { return held_; }

  // One of the open messages must agree with the spool.
  void compare(const queue::Message& message);
  // All mail has ended: does each recipient have exactly one end?
  void close_book();
  Figures figures() const;

  // Something forbidden happened. The first ones are stored.
  void wrong(const std::string& what);
  void wrong_about(Index recipient, const std::string& what);
  const std::vector<std::string>& wrongs() const { return wrongs_; }
  // Everything that happens is combined into one number: two runs of one seed give the same.
  void note(std::uint64_t what, std::uint64_t about);
  std::uint64_t events_hash() const { return hash_; }

 private:
  void add_recipients(Index message, const queue::NewMessage& from);
  void apply_told(Index notice);
  void set_stage(Index recipient, RecipientStage stage);
  void open_up(Index message);
  void end(Index message);
  void check_settlement(Index recipient, const queue::Settlement::Change& change, const queue::Attempt& attempt);
  void check_failure(Index recipient, const queue::RecipientState& state);
  void check_next_try(Index recipient, const queue::RecipientState& state);
  void check_end(Index recipient);
  void check_notice_text(Index message, const std::string& content);
  void adopt(Index message, const queue::Message& from);
  Duration age(const BookedMessage& message) const { return instant_now() - message.submitted; }

  const World& world_;
  const LedgerOptions options_;
  std::vector<BookedMessage> messages_;
  std::vector<BookedRecipient> recipients_;
  boost::unordered_flat_map<std::uint64_t, Index> by_id_;
  std::unordered_map<Index, std::vector<queue::NewMessage::NoticeFor>> notice_for_;
  std::vector<Index> open_, held_, unsettled_;
  std::uint32_t run_ = 1;
  std::uint64_t hash_ = 0;
  std::vector<std::string> wrongs_;
  std::uint64_t repeats_ = 0, offers_ = 0;
  Duration slowest_{0}, latest_{0};
};

}  // namespace mxpress::sim
