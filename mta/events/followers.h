// Lets operators and users watch events as they happen: mxpress tail, mxpress debug. Each follower has a bounded queue; what does not fit
// is counted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "mta/events/hub.h"
#include "proto/dialogue.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::mta::events {

// The events a follower wants; all that is given must fit.
struct Wanted {
  std::optional<proto::QueueId> message{};
  std::string address{}, domain{};  // of a recipient or the sender; in lower case
  std::int64_t uid = -1;            // mail of this user alone; -1: all mail, and what is about no message
};

// What a follower gets.
struct Followed {
  enum class Kind : std::uint8_t {
    event,  // text: a line of the log
    host,   // of a debugger: text names a mail host that is asked
    line,   // of a debugger: a line of the dialogue with it
    end     // of a debugger: the attempt is over, with this disposition; text: a line of the log
  };
  Kind kind = Kind::event;
  WallTime time{};
  std::optional<proto::QueueId> message{};
  std::string text{};
  proto::Speaker from{};
  Duration at{0};
  Disposition disposition{};
};

// One follower. Any thread.
class Follower {
 public:
  static constexpr std::size_t kMostWaiting = 32 * 1024;  // octets
  static constexpr std::size_t kMostKnown = 1'000;        // messages that fitted, whose further events need not name an address

  // debugger: gets the dialogue of one attempt, the next one that begins.
  enum class Kind { tail, debugger };
  Follower(Wanted wanted, Kind kind) : wanted_(std::move(wanted)), kind_(kind) {}

  // Waits for something; nullopt: there was nothing for so long, or end() was called.
  std::optional<Followed> next(std::chrono::milliseconds patience);
  // What was lost since the last call.
  std::uint64_t take_lost();
  bool has_ended() const;
  void end();

  void put(Followed followed);
  void take(const Event& event, WallTime now);
  // Of a debugger. True if it wants this attempt: it gets the dialogue, and then the outcome, which is an event.
  bool begin_attempt(proto::QueueId message, std::int64_t uid, const std::vector<std::string>& recipients);
  // Nothing was tried after all, and no event follows.
  void leave_attempt(proto::QueueId message);
  Kind kind() const { return kind_; }

 private:
  struct Subject;
  bool fits(const Subject& subject, std::size_t line);
  bool is_known(proto::QueueId message) const;
  void take_outcome(const Event& of_attempt, WallTime now);

  const Wanted wanted_;
  const Kind kind_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Followed> waiting_;
  std::size_t octets_ = 0;
  std::uint64_t lost_ = 0;
  bool has_ended_ = false;
  std::optional<proto::QueueId> attempt_;  // of a debugger
  std::mutex taking_;                      // guards what take() alone uses
  std::deque<proto::QueueId> known_;
};

// All followers. Any thread.
class Followers final : public Sink {
 public:
  static constexpr std::size_t kMost = 8, kMostOfUsers = 4, kMostOfUser = 2;

  std::string_view name() const override { return "followers"; }
  void take(const Event& event) override;

  // Call leave() at the end. `user`: who asks; -1: somebody who may do everything. Error: too many follow already.
  Result<std::shared_ptr<Follower>> follow(Wanted wanted, Follower::Kind kind, std::int64_t user);
  void leave(const std::shared_ptr<Follower>& follower);
  // Ends all of them.
  void close();

  // Cheap: whether begin_attempt() may find anybody.
  bool has_debuggers() const { return debuggers_.load(std::memory_order_relaxed) > 0; }
  // The debuggers that want this attempt. `uid`: Submitter::owner(); `recipients`: "user@example.org".
  std::vector<std::shared_ptr<Follower>> begin_attempt(proto::QueueId message, std::int64_t uid,
                                                       const std::vector<std::string>& recipients);

 private:
  struct Entry {
    std::shared_ptr<Follower> follower;
    std::int64_t user;
  };
  std::mutex mutex_;
  std::vector<Entry> entries_;
  bool is_closed_ = false;
  std::atomic<std::size_t> all_ = 0, debuggers_ = 0;
};

}  // namespace mxpress::mta::events
