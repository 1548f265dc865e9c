// Puts octets in front of content.
#include "mta/content/with_head.h"

#include <algorithm>

namespace mxpress::mta::content {

// The head and the following content are returned in one piece if there is room: a small message is sent in one write.
Task<Result<std::size_t>> WithHead::read(std::uint64_t offset, char* buffer, std::size_t size) {
  size = std::min<std::uint64_t>(size, this->size() - std::min(offset, this->size()));
  const std::size_t of_head = offset < head_.size() ? head_.copy(buffer, size, offset) : 0;
  offset += of_head;
  if (offset < head_.size() || of_head == size) co_return of_head;
  if (offset == head_.size()) {
    const Status passed = co_await pass_replaced(buffer + of_head, size - of_head);
    if (!passed.ok()) co_return passed.error();
  }
  const Result<std::size_t> more = co_await read_original(offset - head_.size() + replaced_, buffer + of_head, size - of_head);
  if (!more.ok()) co_return more.error();
  co_return of_head + *more;
}

// An original that is made while it is read must be read from its beginning.
Task<Status> WithHead::pass_replaced(char* buffer, std::size_t size) {
  if (original_.in_memory()) co_return Status();
  for (std::uint64_t passed = 0; passed < replaced_;) {
    const std::size_t wanted = std::min<std::uint64_t>(size, replaced_ - passed);
    const Result<std::size_t> count = co_await original_.read(passed, buffer, wanted);
    if (!count.ok()) co_return count.error();
    if (*count == 0) co_return Error::transient("the stored content is shorter than it should be");
    passed += *count;
  }
  co_return Status();
}

Task<Result<std::size_t>> WithHead::read_original(std::uint64_t offset, char* buffer, std::size_t size) {
  if (const auto whole = original_.in_memory()) co_return whole->copy(buffer, size, offset);
  co_return co_await original_.read(offset, buffer, size);
}

}  // namespace mxpress::mta::content
