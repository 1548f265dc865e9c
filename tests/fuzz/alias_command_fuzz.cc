// Fuzzes the runner's parsers for commands of aliases: accepted words are a program with its full path, and no shell; an accepted request
// has no control character and is written back unchanged; an address of a command names the same command again.
#include <algorithm>

#include "mta/runner/alias_request.h"
#include "proto/command_recipient.h"
#include "proto/command_words.h"
#include "tests/fuzz/expect.h"

using namespace mxpress;

namespace {

bool has_no_control(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; });
}

void check_words(std::string_view text) {
  const auto words = proto::command_words(text);
  if (!words) return;
  expect(!words->empty() && words->front().starts_with('/'));
  std::size_t octets = 0;
  for (const std::string& word : *words) octets += word.size();
  expect(octets <= text.size());
}

void check_request(std::string_view packet) {
  const auto request = mta::runner::parse_alias_request(packet);
  if (request) {
    expect(request->command.number > 0 && has_no_control(request->command.alias) && has_no_control(request->sender) &&
           has_no_control(request->recipient));
    expect(mta::runner::parse_alias_request(mta::runner::format_alias_request(*request)) == request);
    const std::string& name = request->command.alias;
    const bool is_of_file = name.size() <= 255 && std::none_of(name.begin(), name.end(), [](unsigned char c) { return c >= 127; });
    if (is_of_file) expect(proto::alias_command(proto::command_recipient(request->command)) == request->command);
  }
  const auto reply = mta::runner::parse_alias_reply(packet);
  if (reply) expect(has_no_control(reply->text) && reply->status >= 0 && reply->status <= 255);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  check_words(text);
  check_request(text);
  if (const auto mailbox = proto::Mailbox::parse(text)) {
    const auto command = proto::alias_command(*mailbox);
    if (command) expect(command->number > 0 && !command->alias.empty());
  }
  return 0;
}
