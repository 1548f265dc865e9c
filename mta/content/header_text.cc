// Reads headers.
#include "mta/content/header_text.h"

#include "dns/async.h"
#include "mta/content/block.h"
#include "proto/header.h"

namespace mxpress::mta::content {

Task<Result<HeaderText>> HeaderText::read(DataSource& source) {
  HeaderText header;
  header.in_memory_ = source.in_memory();
  proto::HeaderScanner scanner(proto::MboxLines::are_text);
  std::string buffer;
  bool is_whole = header.in_memory_.has_value();
  while (!scanner.find_end(header.whole(), is_whole ? proto::Extent::is_whole : proto::Extent::may_grow)) {
    const Result<std::string_view> block = co_await next_block(source, header.read_.size(), buffer);
    if (!block.ok()) co_return block.error();
    header.read_.append(*block);
    is_whole = header.read_.size() == source.size();
    if (header.read_.size() > kBlock) co_await let_others_go_on();
  }
  header.end_ = scanner.end();
  header.has_empty_line_ = scanner.has_empty_line(header.whole());
  co_return header;
}

}  // namespace mxpress::mta::content
