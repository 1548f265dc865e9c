// Fuzzes notices: for any reply, parameters and message they are 7-bit, have lines within the limits, end correctly, and parse as a report
// (RFC 3464) with the fields of every recipient.
#include <algorithm>

#include "proto/dsn.h"
#include "proto/header.h"
#include "proto/mail_data.h"
#include "tests/fuzz/expect.h"

using namespace mxpress::proto;

namespace {

constexpr std::string_view kBoundary = "mxpress-";

NoticeRecipient make_recipient(std::string_view text, std::string_view front, NoticeAction action) {
  NoticeRecipient recipient{.mailbox = *Mailbox::parse("you@there.example")};
  recipient.original_recipient = front;
  recipient.action = action;
  recipient.result.text = text;
  recipient.result.host = front;
  recipient.result.address = front;
  recipient.result.reply_code = 550;
  return recipient;
}

Notice make_notice(std::string_view text, std::size_t cut) {
  Notice notice{.reporting_host = *Domain::parse("here.example"), .to = *Mailbox::parse("me@here.example")};
  notice.kind = static_cast<NoticeKind>(cut % 3);
  notice.ret = cut % 2 == 0 ? Return::full : Return::headers;
  notice.boundary = "b";
  notice.message_id = text.substr(0, cut);
  notice.envid = text.substr(0, cut);
  notice.original = text.substr(cut);
  notice.original_is_whole = true;
  constexpr NoticeAction kActions[] = {NoticeAction::failed, NoticeAction::delayed, NoticeAction::relayed, NoticeAction::delivered};
  for (std::size_t i = 0; i <= cut % 3; ++i)
    notice.recipients.push_back(make_recipient(text, text.substr(0, cut), kActions[(cut + i) % 4]));
  return notice;
}

void check_travels(const std::string& message) {
  LineEndNormaliser normaliser;
  std::string normal;
  normaliser.feed(message, normal);
  expect(normal == message && message.ends_with("--\r\n"));
  expect(normaliser.flaw() == Flaw::none && !normaliser.facts().eight_bit && !normaliser.facts().needs_reencoding());
}

std::string boundary_of(std::string_view header) {
  const auto type = find_field(header, "Content-Type");
  expect(type.has_value());
  const std::string line = unfolded(type->value);
  const auto begin = line.find("boundary=\"") + 10;
  const std::string boundary = line.substr(begin, line.find('"', begin) - begin);
  expect(boundary.starts_with(kBoundary) && boundary.size() <= 70);  // RFC 2046 5.1.1
  return boundary;
}

// RFC 2046 5.1.1: a delimiter is a line that begins with "--" and the boundary.
std::vector<std::string_view> parts_of(std::string_view body, const std::string& boundary) {
  std::vector<std::string_view> parts;
  const std::string delimiter = "\r\n--" + boundary;
  expect(body.starts_with(std::string_view(delimiter).substr(2)));
  body.remove_prefix(delimiter.size() - 2);
  for (auto end = body.find(delimiter); end != std::string_view::npos; end = body.find(delimiter)) {
    parts.push_back(body.substr(2, end - 2));
    body.remove_prefix(end + delimiter.size());
  }
  expect(body == "--\r\n");
  return parts;
}

// RFC 3464 2.1: groups of fields with empty lines between; the first is about the message, each other about one recipient.
void check_report(std::string_view report, const Notice& notice) {
  std::size_t groups = 0;
  while (!report.empty()) {
    const MessageParts group = split_message(report);
    const bool of_message = groups++ == 0;
    expect(count_fields(group.header, "Reporting-MTA") == (of_message ? 1 : 0));
    for (const char* name : {"Final-Recipient", "Action", "Status"}) expect(count_fields(group.header, name) == (of_message ? 0 : 1));
    HeaderReader reader(group.header);
    while (const auto field = reader.next()) expect(!field->name.empty() && !unfolded(field->value).empty());
    if (!of_message) expect(unfolded(find_field(group.header, "Final-Recipient")->value) == "rfc822; you@there.example");
    report = group.body;
  }
  expect(groups == 1 + notice.recipients.size());
}

void check_structure(const std::string& message, const Notice& notice) {
  const MessageParts whole = split_message(message);
  for (const char* name : {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted"})
    expect(count_fields(whole.header, name) == 1);
  const auto parts = parts_of(whole.body, boundary_of(whole.header));
  expect(parts.size() == 3);
  check_report(split_message(parts[1]).body, notice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = text_of(data, size);
  const std::size_t cut = std::min(take_number(text), text.size());
  const Notice notice = make_notice(text, cut);
  const std::string message = compose_notice(notice);
  check_travels(message);
  check_structure(message, notice);
  return 0;
}
