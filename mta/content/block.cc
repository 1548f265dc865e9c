// Reads content in blocks.
#include "mta/content/block.h"

#include <algorithm>

#include "dns/async.h"

namespace mxpress::mta::content {

Task<Result<std::string_view>> next_block(DataSource& source, std::uint64_t offset, std::string& buffer) {
  const std::size_t wanted = std::min(kBlock, source.size() - offset);
  if (const auto whole = source.in_memory()) co_return whole->substr(offset, wanted);
  buffer.resize(wanted);
  if (wanted == 0) co_return std::string_view();
  const Result<std::size_t> count = co_await source.read(offset, buffer.data(), wanted);
  if (!count.ok()) co_return count.error();
  if (*count == 0) co_return Error::transient("the stored content is shorter than it should be");
  co_return std::string_view(buffer).substr(0, *count);
}

Task<void> let_others_go_on_after(std::size_t octets) {
  if (octets > kBlock) co_await let_others_go_on();
}

}  // namespace mxpress::mta::content
