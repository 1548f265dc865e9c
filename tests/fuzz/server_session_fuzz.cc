// Fuzzes the server's session with any text of a client, in any pieces: the same mail arrives and the same replies are sent for every cut,
// content is clean, and no message is accepted without the end of RFC 5321 4.1.1.4.
#include <algorithm>

#include "proto/mail_data.h"
#include "tests/fuzz/expect.h"
#include "tests/support/server_harness.h"

using namespace mxpress;
using namespace mxpress::testing;

namespace {

struct Outcome {
  std::string replies;
  std::vector<ReceivedMail> mails;
  std::size_t refusals = 0;
};

mta::smtp::ServerOptions small_options() {
  mta::smtp::ServerOptions options = ServerHarness::standard_options();
  options.max_message_size = 2000;
  options.max_recipients = 5;
  options.max_errors = 30;
  return options;
}

Outcome converse(std::string_view said, std::size_t piece) {
  ServerHarness server(small_options());
  server.pipe->piece = piece;
  Outcome outcome{server.greeting, {}, 0};
  outcome.replies += server.send(said);
  server.pipe->hang_up();
  outcome.replies += server.wait(Duration(0));
  expect(server.ended());
  outcome.mails = std::move(server.sink.mails);
  outcome.refusals = server.sink.refusals.size();
  return outcome;
}

// "NNN text" or "NNN-text", printable, of a length that clients read.
void check_replies(std::string_view replies) {
  while (!replies.empty()) {
    const auto end = replies.find("\r\n");
    expect(end != std::string_view::npos && end >= 4 && end <= 1000);
    const std::string_view line = replies.substr(0, end);
    expect(is_plain(line) && std::all_of(line.begin(), line.begin() + 3, [](char c) { return c >= '0' && c <= '9'; }));
    expect(line[0] >= '2' && line[0] <= '5' && (line[3] == ' ' || line[3] == '-'));
    replies.remove_prefix(end + 2);
  }
}

void check_mail(const ReceivedMail& mail) {
  proto::LineEndNormaliser normaliser;
  std::string normal;
  normaliser.feed(mail.content, normal);
  normaliser.finish(normal);
  expect(normal == mail.content && normaliser.flaw() == proto::Flaw::none && mail.content.size() <= 2000);
  expect(!mail.envelope.recipients.empty() && mail.envelope.recipients.size() <= 5);
  for (const proto::Recipient& recipient : mail.envelope.recipients) expect(is_plain(recipient.mailbox.to_string()));
  expect(is_plain(mail.envelope.reverse_path.to_string()) && is_plain(mail.envelope.envid));
}

std::size_t count_of(std::string_view text, std::string_view what) {
  std::size_t count = 0;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view said = text_of(data, std::min<std::size_t>(size, 32 * 1024));
  const std::size_t piece = take_number(said);
  const Outcome whole = converse(said, 1u << 20), pieces = converse(said, piece);
  expect(whole.replies == pieces.replies && whole.refusals == pieces.refusals && whole.mails.size() == pieces.mails.size());
  expect(whole.mails.size() <= count_of(said, "\r\n.\r\n"));
  check_replies(whole.replies);
  for (std::size_t i = 0; i < whole.mails.size(); ++i) {
    check_mail(whole.mails[i]);
    expect(whole.mails[i].content == pieces.mails[i].content);
  }
  return 0;
}
