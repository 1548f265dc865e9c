// What is said in one attempt: kept until it is known whether the attempt failed, and told to debuggers meanwhile.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/smtp/dialogue.h"
#include "proto/outcome.h"
#include "proto/time.h"

namespace mxpress::dns {
struct Target;
}
namespace mxpress::mta::events {
class Follower;
class Followers;
class Hub;
}  // namespace mxpress::mta::events

namespace mxpress::mta::smtp {
class ClientSession;
}

namespace mxpress::mta::transport {

struct Order;

// Thread: of the attempt.
class Conversation {
 public:
  static constexpr std::size_t kMost = 16 * 1024;  // octets that are kept of an attempt, while there is room

  // Both must outlive it. `followers` may be null.
  Conversation(events::Followers* followers, const Order& order);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  // The debuggers, as a listener for the session with this host; null: there are none.
  smtp::DialogueListener listener_for(const dns::Target& target);
  // A remark of ours to the debuggers.
  void note(std::string_view text);
  // Transactions of this message follow on the session; the debuggers hear them.
  void begin(smtp::ClientSession& session, WallTime started, bool reused);
  // A transaction has ended. Nullopt: each of its recipients has the message.
  void ended(std::optional<proto::HostResult> refusal);
  // No further transaction follows on it. What was said is kept if a transaction was refused.
  void leave_session(smtp::ClientSession& session);
  // A session that was not opened: what was said (null: there was no connection), and why.
  void add(const dns::Target& target, WallTime started, const std::shared_ptr<const std::vector<proto::DialogueLine>>& said,
           const proto::HostResult& end);
  // Nothing was tried.
  void leave();
  // The attempt is over: what was said is told as an event, unless each recipient has the message.
  void end(const std::vector<proto::RecipientResult>& results, events::Hub& events);

 private:
  void keep(const dns::Target& target, WallTime started, std::vector<proto::DialogueLine> lines, const proto::HostResult& end);

  const Order& order_;
  WallTime started_{};                                        // of the session, or of its part about this message
  std::optional<proto::HostResult> refusal_;                  // of the latest transaction on it that was refused
  std::vector<std::shared_ptr<events::Follower>> debuggers_;  // shared: their readers may go before the attempt ends
  std::string kept_;
  std::size_t room_ = 0;  // taken of that of dialogues
};

}  // namespace mxpress::mta::transport
