// Fuzzes the parser of mailboxes: an accepted one cannot end a command or a path, and parses again to the same value.
#include <algorithm>

#include "proto/mailbox.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

void check(const Mailbox& mailbox) {
  const std::string text = mailbox.to_string();
  expect(mailbox.local_part().size() <= 64 && text.size() <= 64 + 1 + 255);
  expect(std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; }));
  const auto again = Mailbox::parse(text);
  expect(again && *again == mailbox);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  if (const auto mailbox = Mailbox::parse(text)) check(*mailbox);
  if (const auto mailbox = Mailbox::parse_qualifying(text, *Domain::parse("here.example"))) check(*mailbox);
  if (const auto path = without_source_route(text)) expect(text.ends_with(*path));
  return 0;
}
