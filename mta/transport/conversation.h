// What is said in one attempt: kept until it is known whether the attempt failed, and told to debuggers meanwhile.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "mta/smtp/dialogue.h"
#include "proto/time.h"

namespace mxpress::dns {
struct Target;
}
namespace mxpress::proto {
struct HostResult;
}
namespace mxpress::mta::events {
class Follower;
class Followers;
}  // namespace mxpress::mta::events

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
  // A connection that did not end as it should.
  void add(const dns::Target& target, WallTime started, std::vector<proto::DialogueLine> lines, const proto::HostResult& end);
  // Nothing was tried.
  void leave();
  // The connections added, in the form of proto::parse_dialogues().
  const std::string& kept() const { return kept_; }

 private:
  const Order& order_;
  std::vector<std::shared_ptr<events::Follower>> debuggers_;  // shared: their readers may go before the attempt ends
  std::string kept_;
  std::size_t room_ = 0;  // taken of that of dialogues
};

}  // namespace mxpress::mta::transport
