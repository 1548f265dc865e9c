// Fuzzes the parser of replies: pieces of any size give the same reply, and its shown form is clean and bounded.
#include <algorithm>

#include "proto/reply.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

std::string read_all(std::string_view text, std::size_t piece) {
  ReplyParser parser;
  std::string all;
  while (!text.empty()) {
    text.remove_prefix(parser.feed(text.substr(0, piece)));
    const auto reply = parser.take();
    if (!reply) continue;
    if (!*reply) return all + "error";
    const std::string shown = (*reply)->to_string();
    expect(shown.size() <= 1000 && (*reply)->code >= 200 && (*reply)->code < 600);
    expect(is_plain(shown));
    all += shown + "\n" + (*reply)->status().to_string() + "\n";
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const std::size_t piece = take_number(text);
  expect(read_all(text, piece) == read_all(text, 1 << 20));
  const std::string written = format_reply(550, EnhancedStatus{5, 1, 1}, text);
  ReplyParser parser;
  if (written.size() < ReplyParser::kMaxReply && std::count(text.begin(), text.end(), '\n') < 900) {
    expect(parser.feed(written) == written.size());
    const auto reply = parser.take();
    expect(reply && reply->ok() && (*reply)->code == 550);
  }
  return 0;
}
