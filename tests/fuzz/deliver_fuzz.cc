// Fuzzes the parser that mxpress-deliver runs as root: an accepted request leads out of no folder, and is written back unchanged.
#include "mta/mailstore/request.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::mta::mailstore;

namespace {

bool has_no_control(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; });
}

void check_request(std::string_view packet) {
  const auto request = parse_request(packet);
  if (!request) return;
  expect(packet.size() <= kMaxRequest && is_user_name(request->user));
  expect(request->user.find('/') == std::string::npos && request->user.front() != '.' && request->id.find('/') == std::string::npos);
  expect(has_no_control(request->sender) && has_no_control(request->recipient) && request->time >= 0 && request->offset >= 0 &&
         request->size >= 0);
  expect(parse_request(format_request(*request)) == request);
}

void check_reply(std::string_view packet) {
  const auto reply = parse_reply(packet);
  if (!reply) return;
  const bool is_file = reply->kind == Reply::Kind::forward;  // the text of a ~/.forward, for mxpressd to parse
  expect(packet.size() <= kMaxReply && reply->text.size() <= (is_file ? kMaxForward : kMaxText));
  expect(is_file ? !reply->text.empty() && reply->text.find('\0') == std::string::npos : has_no_control(reply->text));
  const auto again = parse_reply(format_reply(*reply));
  expect(again && again->kind == reply->kind && reply->text.starts_with(again->text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_request(text_of(data, size));
  check_reply(text_of(data, size));
  return 0;
}
