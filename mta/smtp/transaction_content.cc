// Sends the content of a message.
#include "mta/smtp/transaction_content.h"

#include <algorithm>

#include "mta/content/data_source.h"
#include "mta/smtp/client_channel.h"
#include "mta/smtp/dialogue.h"
#include "proto/mail_data.h"

namespace mxpress::mta::smtp {
namespace {

constexpr std::uint64_t kBlock = 64 * 1024;
constexpr std::size_t kRoomForDots = 64;  // of most blocks, and for the last

// Reads the next block; a source that ends before its size has failed.
Task<Status> read_block(content::DataSource& data, std::uint64_t offset, std::string& block) {
  block.resize(std::min(kBlock, data.size() - offset));
  const Result<std::size_t> count = co_await data.read(offset, block.data(), block.size());
  if (!count.ok()) co_return count.error();
  if (*count == 0) co_return Error::transient("the stored content is shorter than it should be");
  block.resize(*count);
  co_return Status();
}

// Whatever is sent meanwhile is content.
class ContentMark {
 public:
  explicit ContentMark(Dialogue& dialogue) : dialogue_(dialogue) { dialogue_.begin_content(); }
  ContentMark(const ContentMark&) = delete;
  ContentMark& operator=(const ContentMark&) = delete;
  ~ContentMark() { dialogue_.end_content(); }

 private:
  Dialogue& dialogue_;
};

}  // namespace

Task<ContentResult> send_content(ClientChannel& channel, content::DataSource& data, Duration block_timeout) {
  const ContentMark mark(channel.dialogue());
  proto::DataEncoder encoder;
  const std::optional<std::string_view> whole = data.in_memory();
  std::string buffer;
  std::string wire;
  std::uint64_t offset = 0;
  while (offset < data.size()) {
    if (!whole) {
      const Status read = co_await read_block(data, offset, buffer);
      if (!read.ok()) co_return ContentResult{ContentEnd::source_failed, read.error()};
    }
    const std::string_view block = whole ? whole->substr(offset, kBlock) : buffer;
    offset += block.size();
    wire.clear();
    wire.reserve(block.size() + kRoomForDots);
    encoder.feed(block, wire);
    if (channel.has_interrupted()) co_return ContentResult{ContentEnd::interrupted, {}};
    if (offset == data.size()) break;
    const Status sent = co_await channel.send(wire, block_timeout);
    if (!sent.ok()) co_return ContentResult{ContentEnd::lost, sent.error()};
  }
  // The dot is sent with the last block: one write, one wake-up of the host.
  encoder.finish(wire);
  const std::string_view rest = channel.send_at_once(wire, block_timeout);
  if (rest.empty()) co_return ContentResult{};
  const Status sent = co_await channel.send_rest(rest);
  if (!sent.ok()) co_return ContentResult{ContentEnd::lost_after_dot, sent.error()};
  co_return ContentResult{};
}

}  // namespace mxpress::mta::smtp
