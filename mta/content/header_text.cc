// Reads headers.
#include "mta/content/header_text.h"

#include <algorithm>

#include "dns/async.h"
#include "mta/content/block.h"

namespace mxpress::mta::content {
namespace {

// Memory is reserved once, for the maximum: growing by doubling would need it twice.
Task<Status> read_more(DataSource& source, std::string& text) {
  const std::size_t begin = text.size();
  if (begin >= HeaderText::kMost) co_return Error::transient("the header is too long to be signed");
  if (begin > 0) text.reserve(std::min<std::uint64_t>(source.size(), HeaderText::kMost + kBlock));
  const std::uint64_t wanted = begin == 0 ? kBlock : HeaderText::kMost + kBlock - begin;
  text.resize(begin + std::min(wanted, source.size() - begin));
  const Result<std::size_t> count = co_await source.read(begin, text.data() + begin, text.size() - begin);
  if (!count.ok()) co_return count.error();
  if (*count == 0) co_return Error::transient("the stored content is shorter than it should be");
  text.resize(begin + *count);
  co_return Status();
}

}  // namespace

Task<Result<HeaderText>> HeaderText::read(DataSource& source) {
  HeaderText header;
  header.in_memory_ = source.in_memory();
  proto::HeaderScanner scanner(proto::MboxLines::are_text);
  bool is_whole = header.in_memory_.has_value() || source.size() == 0;
  while (!scanner.find_end(header.whole(), is_whole ? proto::Extent::is_whole : proto::Extent::may_grow)) {
    if (const Status read = co_await read_more(source, header.read_); !read.ok()) co_return read.error();
    is_whole = header.read_.size() == source.size();
    if (header.read_.size() > kBlock) co_await let_others_go_on();
  }
  header.end_ = scanner.end();
  header.has_empty_line_ = scanner.has_empty_line(header.whole());
  co_return header;
}

}  // namespace mxpress::mta::content
