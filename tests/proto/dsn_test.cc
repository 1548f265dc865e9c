// Tests of delivery status notifications.
#include "proto/dsn.h"

#include <catch2/catch.hpp>

#include "proto/dsn_text.h"
#include "proto/header.h"
#include "proto/mail_data.h"
#include "proto/wrapped.h"

using namespace mxpress::proto;
using namespace std::chrono_literals;
using mxpress::WallTime;

namespace {

NoticeRecipient refused(const char* address = "you@there.example") {
  NoticeRecipient recipient{.mailbox = *Mailbox::parse(address)};
  recipient.result = {Stage::rcpt, "mx.there.example", "192.0.2.1:25", "", {5, 1, 1}, 550, "550 5.1.1 no such user", false};
  recipient.last_attempt = WallTime(60s);
  return recipient;
}

Notice failure() {
  Notice notice{.reporting_host = *Domain::parse("mx.here.example"), .to = *Mailbox::parse("me@here.example")};
  notice.message_id = "1@mx.here.example";
  notice.boundary = "R4nd0m";
  notice.original = "Subject: hi\r\nMessage-ID: <m@here.example>\r\n\r\nthe body\r\n";
  notice.original_is_whole = true;
  notice.recipients.push_back(refused());
  return notice;
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// The first paragraph of the text part, in one line.
std::string first_paragraph(const std::string& message) {
  const auto start = message.find("\r\n\r\n", message.find("Content-Description: Notification")) + 4;
  std::string text = message.substr(start, message.find("\r\n\r\n", start) - start);
  for (auto at = text.find("\r\n"); at != std::string::npos; at = text.find("\r\n")) text.replace(at, 2, " ");
  return text;
}

}  // namespace

TEST_CASE("dsn: the header says that a machine speaks, and to which message it belongs") {
  const std::string message = compose_notice(failure());
  const std::string header(split_message(message).header);
  CHECK(header ==
        "From: Mail Delivery System <MAILER-DAEMON@mx.here.example>\r\nTo: <me@here.example>\r\nSubject: Your message could not be "
        "delivered\r\n"
        "Date: Thu, 01 Jan 1970 00:00:00 +0000\r\nMessage-ID: <1@mx.here.example>\r\nIn-Reply-To: <m@here.example>\r\n"
        "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n"
        "\tboundary=\"mxpress-R4nd0m\"\r\n");
}

TEST_CASE("dsn: where a rule is about the reply its cause and advice come first, with who has to act") {
  Notice notice = failure();
  Explanation explanation{
      "It is listed.", Remedy::ask_administrator, {}, Advice{"reputation", Actor::hosting, "Ask the list.", "https://l.example"}};
  notice.recipients[0].explanation = explanation;
  const std::string message = compose_notice(notice);
  CHECK(
      first_paragraph(message) ==
      "Your message could not be delivered to you@there.example. It is listed. No further attempt will be made. Please show this notice to "
      "the person who looks after your mail system, or reach the recipient in another way. It is for the provider of this host's address "
      "to act: Ask the list.");
  CHECK(has(message, "  Kind: reputation; to act: the provider of this host's address\r\n  What to do: Ask the list.\r\n"));
  CHECK(has(message, "  See, or write to: https://l.example\r\n"));
  explanation.advice->who = Actor::sender;
  notice.recipients[0].explanation = explanation;
  CHECK_THAT(first_paragraph(compose_notice(notice)), Catch::EndsWith("No further attempt will be made. What you can do: Ask the list."));
  explanation.advice->who = Actor::nobody;
  notice.recipients[0].explanation = explanation;
  CHECK_THAT(first_paragraph(compose_notice(notice)), !Catch::Contains("Ask the list."));
}

TEST_CASE("dsn: of several recipients each has its advice among the details, and a delay notice has it, too") {
  Notice notice = failure();
  notice.recipients.push_back(refused("other@there.example"));
  notice.recipients[1].explanation = {"It is listed.", Remedy::ask_administrator, {}, Advice{"reputation", Actor::dns, "Sign.", ""}};
  CHECK_THAT(first_paragraph(compose_notice(notice)), !Catch::Contains("Sign."));
  CHECK(has(compose_notice(notice), "  What to do: Sign.\r\n"));
  notice.recipients.erase(notice.recipients.begin());
  notice.kind = NoticeKind::delay;
  notice.recipients[0].action = NoticeAction::delayed;
  CHECK_THAT(first_paragraph(compose_notice(notice)),
             Catch::Contains("It is for whoever publishes the DNS records of the sender's domain to act: Sign."));
}

TEST_CASE("dsn: the first paragraph says what happened, why, and what to do") {
  CHECK(first_paragraph(compose_notice(failure())) ==
        "Your message could not be delivered to you@there.example. There is no mailbox with this address at the recipient's mail host. No "
        "further attempt "
        "will be made. Please check the address for typing errors; if it is right, reach the recipient in another way.");
  CHECK(has(compose_notice(failure()), "Its reply: 550 5.1.1 no such user\r\n"));
  CHECK(has(compose_notice(failure()), "subject \"hi\""));
}

TEST_CASE("dsn: what an operator returned is not said to be refused by a mail host") {
  Notice notice = failure();
  notice.recipients[0].result = {};
  notice.recipients[0].result.stage = Stage::local;
  notice.recipients[0].result.status = {5, 0, 0};
  notice.recipients[0].result.text = "returned to the sender by the operator";
  const std::string text = first_paragraph(compose_notice(notice));
  CHECK(has(text, "you@there.example. The operator of the mail system that sends it gave it up, and returns it to you. No further"));
  CHECK_FALSE(has(text, "refused"));
}

TEST_CASE("dsn: its author is of the domain of this host's mail, so that a signature of that domain is the author's") {
  Notice notice = failure();
  CHECK(has(compose_notice(notice), "From: Mail Delivery System <MAILER-DAEMON@mx.here.example>\r\n"));
  notice.author_domain = *Domain::parse("here.example");
  CHECK(has(compose_notice(notice), "From: Mail Delivery System <MAILER-DAEMON@here.example>\r\n"));
  CHECK(has(compose_notice(notice), "Reporting-MTA: dns; mx.here.example\r\n"));
}

TEST_CASE("dsn: what may have arrived all the same is said to, and nothing else is") {
  Notice notice = failure();
  CHECK_FALSE(has(first_paragraph(compose_notice(notice)), "all the same"));
  notice.recipients[0].result.maybe_delivered = true;
  CHECK(has(first_paragraph(compose_notice(notice)), "It may have arrived all the same: the connection was lost"));
}

TEST_CASE("dsn: the report has every field of the message and of the recipient") {
  Notice notice = failure();
  notice.envid = "QQ+2B1";
  notice.recipients[0].original_recipient = "rfc822;old+2Bname@there.example";
  CHECK(has(
      compose_notice(notice),
      "Content-Type: message/delivery-status\r\n\r\nOriginal-Envelope-Id: QQ+1\r\nReporting-MTA: dns; mx.here.example\r\n"
      "Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n\r\nOriginal-Recipient: rfc822; old+name@there.example\r\n"
      "Final-Recipient: rfc822; you@there.example\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx.there.example\r\n"
      "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\nLast-Attempt-Date: Thu, 01 Jan 1970 00:01:00 +0000\r\n\r\n--mxpress-R4nd0m\r\n"));
}

TEST_CASE("dsn: our own findings are no SMTP replies, and a missing status follows the action") {
  Notice notice = failure();
  notice.recipients[0].result = {Stage::connect, "", "", "", {}, 0, "connection refused", false};
  const std::string message = compose_notice(notice);
  CHECK(has(message, "Diagnostic-Code: x-mxpress; connection refused\r\n"));
  CHECK(has(message, "Status: 5.0.0\r\n"));
  CHECK_FALSE(has(message, "Remote-MTA"));
}

TEST_CASE("dsn: a delay notice says until when, a success notice whether the mailbox is sure") {
  Notice notice = failure();
  notice.kind = NoticeKind::delay;
  notice.recipients[0].action = NoticeAction::delayed;
  notice.recipients[0].result.status = {4, 4, 1};
  notice.recipients[0].will_retry_until = WallTime(24h);
  const std::string delay = compose_notice(notice);
  CHECK(has(delay, "Action: delayed\r\n"));
  CHECK(has(delay, "Will-Retry-Until: Fri, 02 Jan 1970 00:00:00 +0000\r\n"));
  CHECK(has(first_paragraph(delay), "tried again until Fri, 02 Jan 1970"));
  notice.kind = NoticeKind::success;
  notice.recipients[0].action = NoticeAction::relayed;
  const std::string success = compose_notice(notice);
  CHECK(has(success, "Action: relayed\r\n"));
  CHECK_FALSE(has(success, "Will-Retry-Until"));
  CHECK(has(first_paragraph(success), "does not confirm"));
}

TEST_CASE("dsn: a notice of what may be a blocked port asks for the administrator, and says what to look at, delayed and failed") {
  Notice notice = failure();
  notice.recipients[0].result = {Stage::connect, "mx.there.example", "192.0.2.1:25", "", {4, 4, 1}, 0, "connection timed out after 30 s",
                                 false};
  notice.recipients[0].has_expired = true;
  const std::string last = compose_notice(notice);
  CHECK(has(first_paragraph(last), "The mail host did not answer. It was tried until the time allowed for it was over. No further"));
  CHECK(has(first_paragraph(last), "If mail to others fails as well, please show this notice to the person who looks after your mail"));
  CHECK(has(last, "Hint: If this happens with every host, port 25 is probably blocked"));
  CHECK(has(last, "Status: 4.4.7\r\n"));
  notice.kind = NoticeKind::delay;
  notice.recipients[0].action = NoticeAction::delayed;
  notice.recipients[0].has_expired = false;
  const std::string delay = compose_notice(notice);
  CHECK_FALSE(has(first_paragraph(delay), "need not do anything"));
  CHECK(has(first_paragraph(delay), "If mail to others is delayed as well, please show this notice"));
  CHECK(has(delay, "Hint: If this happens with every host, port 25 is probably blocked"));
  CHECK(has(delay, "Status: 4.4.1\r\n"));
}

TEST_CASE("dsn: a delay that somebody has to end does not say that it ends by itself") {
  Notice notice = failure();
  notice.kind = NoticeKind::delay;
  notice.recipients[0].action = NoticeAction::delayed;
  for (const char* reply : {"450 4.7.1 <web1>: Helo command rejected: Host not found", "450 4.7.25 no reverse DNS",
                            "554 5.7.1 Client host [192.0.2.1] blocked using zen.spamhaus.org"}) {
    notice.recipients[0].result = {Stage::rcpt, "mx.there.example", "192.0.2.1:25", "", {4, 7, 1}, 450, reply, false};
    CHECK(has(first_paragraph(compose_notice(notice)), "Please show this notice to the person who looks after your mail system"));
  }
  notice.recipients[0].result.text = "451 4.7.1 Greylisted";
  CHECK_FALSE(has(first_paragraph(compose_notice(notice)), "the person who looks after"));
  notice.recipients.push_back(notice.recipients[0]);
  notice.recipients[1].result.text = "450 4.7.1 rejected: cannot find your hostname";
  CHECK(has(first_paragraph(compose_notice(notice)), "the person who looks after"));
}

TEST_CASE("dsn: a delay notice promises a notice of failure only where there will be one, and one date only where there is one") {
  Notice notice = failure();
  notice.kind = NoticeKind::delay;
  notice.recipients.push_back(refused("her@there.example"));
  for (auto& recipient : notice.recipients) {
    recipient.action = NoticeAction::delayed;
    recipient.will_retry_until = WallTime(24h);
  }
  CHECK(has(first_paragraph(compose_notice(notice)), "until Fri, 02 Jan 1970 00:00:00 +0000, and you will be told if it fails for good."));
  notice.recipients[1].will_retry_until = WallTime(48h);
  notice.recipients[1].is_told_of_failure = false;
  CHECK(has(first_paragraph(compose_notice(notice)),
            "is tried again, and you will be told if it fails for good, where the message asks for that."));
  notice.recipients[0].is_told_of_failure = false;
  CHECK(has(first_paragraph(compose_notice(notice)), "nobody will be told if it fails for good"));
}

TEST_CASE("dsn: what a host refuses because of a block list is told with the name of the list") {
  Notice notice = failure();
  notice.recipients[0].result = {Stage::greeting,
                                 "mx.there.example",
                                 "192.0.2.1:25",
                                 "",
                                 {4, 7, 1},
                                 554,
                                 "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.lists.example",
                                 false};
  CHECK(has(first_paragraph(compose_notice(notice)), "The mail host refuses mail because of the block list \"bl.lists.example\"."));
}

TEST_CASE("dsn: what a mail host took is not said to be in the mailbox") {
  Notice notice = failure();
  notice.kind = NoticeKind::success;
  notice.recipients[0].action = NoticeAction::relayed;
  notice.recipients[0].result = {Stage::content, "mx.there.example", "192.0.2.1:25", "", {2, 0, 0}, 250, "250 2.0.0 ok", false};
  const std::string message = compose_notice(notice);
  CHECK(has(message, "Subject: Your message was handed to the recipient's mail host\r\n"));
  CHECK(has(first_paragraph(message), "was handed to the mail host of you@there.example. That host took it, but does not confirm"));
  CHECK_FALSE(has(first_paragraph(message), "delivered"));
}

TEST_CASE("dsn: what this host has delivered itself is said to have arrived, also beside what mail hosts took") {
  Notice notice = failure();
  notice.kind = NoticeKind::success;
  notice.recipients[0].action = NoticeAction::delivered;
  notice.recipients[0].result = {Stage::local, "", "", "", {2, 1, 5}, 0, "delivered to the mailbox of you", false};
  const std::string message = compose_notice(notice);
  CHECK(has(message, "Subject: Your message was delivered\r\n"));
  CHECK(has(message, "Action: delivered\r\nStatus: 2.1.5\r\nDiagnostic-Code: x-mxpress; delivered to the mailbox of you\r\n"));
  CHECK(has(message, "Result: delivered to the mailbox of you\r\n"));
  CHECK(has(first_paragraph(message), "Your message was delivered to you@there.example. It has arrived."));
  notice.recipients.push_back(refused("her@there.example"));
  notice.recipients[1].action = NoticeAction::relayed;
  notice.recipients[1].result.status = {2, 0, 0};
  CHECK(has(first_paragraph(compose_notice(notice)), "Your message was delivered to 2 recipients, or handed to their mail hosts."));
}

TEST_CASE("dsn: only the header is returned unless the whole message is asked for and small enough") {
  Notice notice = failure();
  CHECK_FALSE(has(compose_notice(notice), "the body"));
  CHECK(has(compose_notice(notice), "Content-Type: text/rfc822-headers\r\n\r\nSubject: hi\r\n"));
  notice.ret = Return::full;
  CHECK(has(compose_notice(notice), "Content-Type: message/rfc822\r\n\r\nSubject: hi\r\n"));
  CHECK(has(compose_notice(notice), "the body"));
  notice.original_is_whole = false;
  CHECK_FALSE(has(compose_notice(notice), "the body"));
  notice.original_is_whole = true;
  notice.kind = NoticeKind::delay;
  CHECK_FALSE(has(compose_notice(notice), "the body"));
  notice.kind = NoticeKind::failure;
  const std::string large = "Subject: hi\r\n\r\nthe body\r\n" + std::string(kMaxReturnedMessage, 'x');
  notice.original = large;
  CHECK_FALSE(has(compose_notice(notice), "the body"));
}

TEST_CASE("dsn: a notice travels anywhere: 7-bit, CRLF, short lines, whatever the message and the reply hold") {
  std::string header = "Subject: \xC3\xBC\xFF\r\nX-Long: " + std::string(3000, 'y') + "\r\n";
  for (int i = 0; i < 3000; ++i) header += "X-Many: " + std::to_string(i) + " and some more text\r\n";
  const std::string original = header + "\r\nbody \xC3\xBC " + std::string(3000, 'z') + "\r\n";
  Notice notice = failure();
  notice.original = original;
  notice.recipients[0].result.text = "550 " + std::string(990, 'w');
  notice.recipients[0].result.host = "evil\r\nX: y";
  notice.recipients[0].original_recipient = "rfc822;a+0D+0ABcc: b";
  notice.envid = "+0D+0AEvil:+01+FF";
  for (const Return ret : {Return::headers, Return::full}) {
    notice.ret = ret;
    const std::string message = compose_notice(notice);
    DataDecoder decoder;
    std::string content;
    decoder.feed(message + ".\r\n", content);
    CHECK(decoder.flaw() == Flaw::none);
    CHECK(decoder.complete());
    CHECK_FALSE(inspect(content).eight_bit);
    CHECK_FALSE(inspect(content).needs_reencoding());
    CHECK(message.size() < 4 * kMaxReturnedHeader);
    CHECK_FALSE(has(message, "\r\nEvil:"));
    CHECK_FALSE(has(message, "\r\nX: y"));
  }
}

TEST_CASE("dsn: 8-bit whole messages are returned in a 7-bit form") {
  Notice notice = failure();
  notice.ret = Return::full;
  notice.original = "Subject: hi\r\n\r\n\xC3\xBC\r\n";
  CHECK(has(compose_notice(notice), "Content-Type: message/rfc822\r\n\r\nSubject: hi\r\n"));
  CHECK(has(compose_notice(notice), "\r\n\r\n=C3=BC\r\n"));
}

TEST_CASE("dsn: the returned text cannot end its part by holding the boundary") {
  Notice notice = failure();
  notice.ret = Return::full;
  notice.original = "Subject: hi\r\n\r\n--mxpress-R4nd0m--\r\n--mxpress-R4nd0m-0\r\n";
  const std::string message = compose_notice(notice);
  CHECK(has(message, "boundary=\"mxpress-R4nd0m-1\""));
  CHECK(message.ends_with("--mxpress-R4nd0m-1--\r\n"));
}

TEST_CASE("dsn: bare line ends and NUL of a damaged message do not reach the notice") {
  Notice notice = failure();
  for (const std::string& original :
       {std::string("A: b\nC: d\r\n\r\nx\r\n"), std::string("A: b\r\n\r\nx\ry\r\n"), std::string("A: \0\r\n\r\n", 8)}) {
    notice.original = original;
    for (const Return ret : {Return::headers, Return::full}) {
      notice.ret = ret;
      DataDecoder decoder;
      std::string content;
      decoder.feed(compose_notice(notice) + ".\r\n", content);
      CHECK(decoder.complete());
      CHECK(decoder.flaw() == Flaw::none);
    }
  }
}

TEST_CASE("dsn: many recipients share one notice, with the reason for each") {
  Notice notice = failure();
  notice.recipients.push_back(refused("other@there.example"));
  notice.recipients[1].result.status = {5, 2, 2};
  const std::string message = compose_notice(notice);
  CHECK(first_paragraph(message).starts_with("Your message could not be delivered to 2 recipients."));
  CHECK(has(message, "The recipient's mailbox is full."));
  CHECK(has(message, "Final-Recipient: rfc822; you@there.example"));
  CHECK(has(message, "Final-Recipient: rfc822; other@there.example"));
}

TEST_CASE("dsn: a notice for ten thousand failures lists a hundred, and counts the others in words and for programs") {
  Notice notice = failure();
  notice.queue_id = "1A2B";
  notice.not_listed = 9'900;
  while (notice.recipients.size() < 99) notice.recipients.push_back(refused());
  const auto count = [](const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  };
  notice.recipients.push_back(refused("last@there.example"));
  notice.recipients.push_back(refused("beyond@there.example"));
  const std::string message = compose_notice(notice);
  CHECK(count(message, "Final-Recipient:") == 100);
  CHECK(has(message, "last@there.example"));
  CHECK_FALSE(has(message, "beyond@there.example"));
  CHECK(first_paragraph(message).starts_with("Your message could not be delivered to 10001 recipients. The first 100 are listed below"));
  CHECK(has(message, "... and 9901 more recipients, which are not listed here."));
  CHECK(has(message, "\"mxpress show 1A2B\""));
  CHECK(has(message, "X-Mxpress-Recipients-Not-Listed: 9901; see \"mxpress show 1A2B\"\r\n"));
  CHECK(message.size() < 64 * 1024);
}

TEST_CASE("dsn: a message without header or recipients still gives a sound notice") {
  Notice notice = failure();
  notice.original = "";
  notice.recipients.clear();
  notice.boundary = "\"\r\n";
  CHECK(compose_notice(notice).ends_with("--mxpress---\r\n"));
}

TEST_CASE("dsn: wrapped text keeps its words, and folding is undone by unfolding") {
  std::string words = "one";
  for (int i = 0; i < 100; ++i) words += " word" + std::to_string(i);
  CHECK(unfolded(wrapped(words, " ")) == words);
  CHECK(inspect(wrapped(words, " ")).longest_line <= 76);
  CHECK(inspect(wrapped(std::string(3000, 'x'), " ")).longest_line < 998);
  CHECK(wrapped("", " ").empty());
  CHECK(wrapped("  a   b  ", "") == "a b\r\n");
}

TEST_CASE("dsn: in another language the words for people are translated and in base64, the report stays as it is") {
  Phrases phrases;
  phrases.set("Your message could not be delivered", "\u672a\u9001\u8fbe");
  phrases.set("Your message could not be delivered to {whom}.", "\u672a\u9001\u8fbe {whom}\u3002");
  phrases.set("{date}", "{iso}");
  Notice notice = failure();
  notice.phrases = &phrases;
  notice.original = "Subject: =?utf-8?B?5L2g5aW9?=\r\n\r\n";
  const std::string message = compose_notice(notice);
  CHECK(inspect(message).eight_bit == false);
  CHECK(has(message, "Subject: =?utf-8?"));
  CHECK(has(message, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"));
  CHECK(has(message, "Final-Recipient: rfc822; you@there.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"));
  const std::string text = notice_text(notice);
  CHECK(text.starts_with("\u672a\u9001\u8fbe you@there.example\u3002There is no mailbox with this address"));
  CHECK(has(text, "on 1970-01-01 00:00:00 +0000 and has the subject \"\u4f60\u597d\"."));
  CHECK(has(text, "Its reply: 550 5.1.1 no such user"));
}

TEST_CASE("dsn: texts of the administrator in ASCII leave the notice in ASCII") {
  Phrases phrases;
  phrases.set("No further attempt will be made.", "That was it.");
  Notice notice = failure();
  notice.phrases = &phrases;
  const std::string message = compose_notice(notice);
  CHECK(has(message, "charset=us-ascii"));
  CHECK(has(first_paragraph(message), "That was it."));
}
