// New messages as they came, until something happens to them: their first delivery reads nothing from the disk.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "queue/message.h"

namespace mxpress::queue {

inline constexpr std::uint64_t kFreshOctets = 8u << 20;  // of messages that wait for their first attempt

// Content in memory.
class MemoryContent final : public Content {
 public:
  explicit MemoryContent(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  std::uint64_t size() const override { return text_.size(); }
  Result<std::size_t> read(std::uint64_t offset, char* buffer, std::size_t size) const override;
  Status verify() const override { return {}; }  // it was never on disk, or was checked when it was read
  Status verify(std::string_view) const override { return {}; }
  Status verify_crc(std::uint32_t) const override { return {}; }
  std::optional<std::string_view> in_memory() const override { return text_; }

 private:
  const std::string text_;
};

// Not thread-safe. Holds at most `limit` octets of content; the oldest messages are dropped first.
class FreshMessages {
 public:
  explicit FreshMessages(std::uint64_t limit) : limit_(limit) {}
  void add(std::shared_ptr<const Message> message);
  std::shared_ptr<const Message> find(QueueId id) const;
  // Forgets a message that has changed.
  void forget(QueueId id);

 private:
  static std::uint64_t octets(const Message& message);

  const std::uint64_t limit_;
  std::uint64_t octets_ = 0;
  std::map<QueueId, std::shared_ptr<const Message>> messages_;  // oldest first, as ids are
};

}  // namespace mxpress::queue
