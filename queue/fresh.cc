// Messages that were stored a moment ago.
#include "queue/fresh.h"

#include <algorithm>

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kEnvelope = 1024;  // approximate octets that a message takes beside its content, and for each recipient

}  // namespace

Result<std::size_t> MemoryContent::read(std::uint64_t offset, char* buffer, std::size_t size) const {
  if (offset >= text_.size()) return std::size_t{0};
  return text_.copy(buffer, size, offset);
}

void FreshMessages::add(std::shared_ptr<const Message> message) {
  octets_ += octets(*message);
  const QueueId id = message->id;
  messages_.emplace_hint(messages_.end(), id, std::move(message));
  while (octets_ > limit_) forget(messages_.begin()->first);
}

std::shared_ptr<const Message> FreshMessages::find(QueueId id) const {
  const auto found = messages_.find(id);
  return found == messages_.end() ? nullptr : found->second;
}

void FreshMessages::forget(QueueId id) {
  const auto found = messages_.find(id);
  if (found == messages_.end()) return;
  octets_ -= octets(*found->second);
  messages_.erase(found);
}

std::uint64_t FreshMessages::octets(const Message& message) {
  return message.content->size() + kEnvelope * (1 + message.recipients.size());
}

}  // namespace mxpress::queue
