// Fuzzes notices: whatever reply, parameters and message they report, they are 7-bit, in lines that may travel, and end where they should.
#include <algorithm>

#include "proto/dsn.h"
#include "proto/mail_data.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const std::size_t cut = std::min(take_number(text), text.size());
  Notice notice{.reporting_host = *Domain::parse("here.example"), .to = *Mailbox::parse("me@here.example")};
  notice.ret = cut % 2 == 0 ? Return::full : Return::headers;
  notice.boundary = "b";
  notice.message_id = "1@here.example";
  notice.envid = text.substr(0, cut);
  notice.original = text.substr(cut);
  notice.original_is_whole = true;
  NoticeRecipient recipient{.mailbox = *Mailbox::parse("you@there.example")};
  recipient.original_recipient = text.substr(0, cut);
  recipient.result.text = text;
  recipient.result.host = text.substr(0, cut);
  recipient.result.reply_code = 550;
  notice.recipients.push_back(recipient);
  const std::string message = compose_notice(notice);
  LineEndNormaliser normaliser;
  std::string normal;
  normaliser.feed(message, normal);
  expect(normal == message && message.ends_with("--\r\n"));
  expect(normaliser.flaw() == Flaw::none && !normaliser.facts().eight_bit && !normaliser.facts().needs_reencoding());
  return 0;
}
