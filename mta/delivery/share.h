// The part of a message that one job uses: all of it, or only the recipients at the job's destination.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace mxpress::queue {
struct Message;
struct Settlement;
}  // namespace mxpress::queue

namespace mxpress::mta::delivery {

// For a message to thousands of domains each job holds only its own recipients, however long its delivery takes.
class Share {
 public:
  using MessagePtr = std::shared_ptr<const queue::Message>;

  Share() = default;  // none
  // The whole message.
  explicit Share(MessagePtr message) : message_(std::move(message)) {}
  // A part: `places` are the indices of its recipients in the spool's message.
  Share(MessagePtr part, std::vector<std::uint32_t> places) : message_(std::move(part)), places_(std::move(places)), is_part_(true) {}

  explicit operator bool() const { return message_ != nullptr; }
  const queue::Message& operator*() const { return *message_; }
  const queue::Message* operator->() const { return message_.get(); }
  const MessagePtr& message() const { return message_; }
  bool is_part() const { return is_part_; }

  // Translates indices of recipients from this share to the spool's.
  void translate(queue::Settlement& settlement) const;

 private:
  MessagePtr message_;  // shared with the spool, or with a session that still sends
  std::vector<std::uint32_t> places_;
  bool is_part_ = false;
};

}  // namespace mxpress::mta::delivery
