// Notices to the sender: composes and stores pending RFC 3464 reports. One notice gathers the failures of a message. Undeliverable notices
// go to the local mailbox; never into a loop, never lost.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>

#include <boost/unordered/unordered_flat_map.hpp>

#include "dns/async.h"
#include "mta/delivery/notice_queue.h"
#include "mta/delivery/notice_rate.h"
#include "mta/fairness/fair_budget.h"
#include "mta/system/crash_record.h"
#include "queue/guarded.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::proto {
struct Envelope;
}  // namespace mxpress::proto

namespace mxpress::queue {
class MessageStore;
struct Message;
}  // namespace mxpress::queue

namespace mxpress::mta {
class CurrentConfig;
namespace events {
class Hub;
}
namespace routing {
class DestinationName;
}
}  // namespace mxpress::mta

namespace mxpress::mta::delivery {

class DigestSender;
class LoadBudget;
struct NoticeDelay;
struct NoticeRequest;
struct SiteFailure;

// Thread: add() and delayed() any; all other functions that of `io`.
class Notices {
 public:
  using Admit = std::function<void(proto::QueueId, const proto::Envelope&)>;
  Notices(asio::io_context& io, queue::MessageStore& spool, const CurrentConfig& config, events::Hub& events, fairness::FileTurns* files,
          LoadBudget& budget, Admit admit, std::uint64_t seed);
  ~Notices();

  // Notes the message of the notice being made. Call it first; null: not noted.
  void note_in(system::CrashRecord::Region* handled) { handled_ = handled; }
  // Some recipients of this message are in stage notice_pending, durably.
  void add(proto::QueueId message);
  // The message has waited for the policy's delay_notice at this destination; `failure` is the reason, if it waits for a host. All delays
  // within kGather go into one notice about all recipients that still wait; a message gets no second one. False: too many notices for this
  // user's mail are being gathered; ask again later.
  [[nodiscard]] bool delayed(proto::QueueId message, routing::DestinationName destination, std::optional<SiteFailure> failure,
                             WallTime will_retry_until);

  // Begins no further notice. Any thread.
  void stop() { stopping_ = true; }
  // Notices being stored or kept that are not recorded or not reported yet. Any thread.
  std::size_t storing() const { return storing_.load(); }

  // Messages whose senders have not been notified yet. Any thread.
  std::size_t pending() const { return pending_.load(); }

  // A delay notice that would have to wait longer for its sender's turn (NoticeRate) is not sent.
  static constexpr Duration kDelayAtMost = std::chrono::hours(4);
  // A failure waits at most this long for recipients that have not had their first attempt.
  static constexpr Duration kGather = std::chrono::seconds(60);
  static constexpr Duration kLookAgain = std::chrono::seconds(2);
  static constexpr std::uint64_t kMostGathered =
      1000;  // messages whose delay notices are gathered, or wait for their turn; half for a user
  // A message with very many recipients is looked at less often: they may fail one by one.
  static constexpr std::size_t kLooksLessOften = 50;  // recipients: for each so many, looks are kLookAgain further apart

 private:
  // The time when the notice of a message may be sent; nullopt: its sender's turn has not been reserved yet.
  using Turn = std::optional<queue::Instant>;
  void go_on();
  void arm();
  Duration rest_before(proto::QueueId id);
  fairness::Owner owner_of(proto::QueueId id) const;
  static Duration gather_on(queue::Instant since);
  Task<void> send(NoticeQueue::Look look);
  void stopped_sending(const NoticeQueue::Look& look, std::exception_ptr error);
  Task<void> pause(Duration duration);
  // The time to look again; nullopt: no notice is pending for this message any more.
  using LookAgain = std::optional<Duration>;
  Task<LookAgain> send_noted(NoticeQueue::Look& look);
  Task<LookAgain> send_once(NoticeQueue::Look& look);
  Task<LookAgain> counted(Task<LookAgain> storing);
  Duration wait_for_turn(const queue::Message& message, Turn& turn);
  Task<LookAgain> wait_for_digest(proto::QueueId message, Turn& turn);
  void gather_delay(proto::QueueId id, NoticeDelay delay);
  bool has_place(proto::QueueId id);
  void give_place_back(proto::QueueId id);
  Task<void> tell_delay(proto::QueueId id);
  Task<LookAgain> tell_delay_once(proto::QueueId id, Turn& turn);
  Task<LookAgain> store_notice(const queue::Message& message, NoticeRequest request);
  void end_without_notice(const queue::Message& message, std::vector<std::uint32_t> recipients, std::function<void(Status)> done);
  Task<LookAgain> keep_locally(const queue::Message& message, std::vector<std::uint32_t> recipients);
  struct Loaded;
  Task<Loaded> load(proto::QueueId id);

  asio::io_context& io_;
  queue::MessageStore& spool_;
  const CurrentConfig& config_;
  events::Hub& events_;
  fairness::FileTurns* files_;
  LoadBudget& budget_;
  Admit admit_;
  std::mt19937_64 random_;
  system::CrashRecord::Region* handled_ = nullptr;
  std::atomic<std::size_t> pending_{0};
  std::atomic<std::size_t> storing_{0};
  std::atomic<bool> stopping_{false};
  NoticeQueue queue_;                                                   // messages with pending notices
  std::unordered_map<std::uint64_t, std::vector<NoticeDelay>> delays_;  // messages whose delay notice is being gathered
  fairness::FairBudget places_{kMostGathered};
  queue::Guarded<boost::unordered_flat_map<std::uint64_t, fairness::Owner>> placed_;  // messages that hold a place
  NoticeRate rate_;
  const std::unique_ptr<DigestSender> digest_;
  Timer timer_;  // of queue_.next_event()
  queue::Instant armed_for_ = queue::Instant::max();
};

}  // namespace mxpress::mta::delivery
