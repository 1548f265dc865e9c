// Fields removed from headers, and fields completed in them.
#include "proto/clean_header.h"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace mxpress::proto;

namespace {

std::string cleaned(std::string_view header) {
  std::string out;
  clean_header(header, nullptr, out);
  return out;
}

std::string with_domains(std::string_view header) {
  const Domain domain = Domain::parse("mx.example").value();
  const HeaderCompletion completion{&domain};
  std::string out;
  clean_header(header, &completion, out);
  return out;
}

// The text behind a header without empty line, fed in pieces of this size.
std::string filtered(std::string_view text, std::size_t piece) {
  BlindCopyFilter filter;
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) filter.feed(text.substr(at, piece), out);
  filter.finish(out);
  return out;
}

}  // namespace

TEST_CASE("clean header: Bcc, Resent-Bcc and Return-Path go with their folds, everything else keeps its bytes") {
  CHECK(cleaned("To: a\r\nbcc: b,\r\n c\r\nSubject:  x\r\nResent-Bcc: d\r\nBCC : e\r\nReturn-Path: <f>\r\nBcc:") ==
        "To: a\r\nSubject:  x\r\n");
  CHECK(cleaned("X-Bcc: a\r\nBccs: b\r\nSubject: Bcc: c\r\n Bcc: d\r\n") == "X-Bcc: a\r\nBccs: b\r\nSubject: Bcc: c\r\n Bcc: d\r\n");
  CHECK(cleaned("").empty());
}

TEST_CASE("clean header: it is told which fields are there, in any case") {
  std::string out;
  const auto facts = clean_header("received: x\r\nDATE: y\r\nReceived:\r\nmessage-id: <1\r\n @a>\r\nMessage-ID: <2>\r\n", nullptr, out);
  CHECK(facts.hops == 2);
  CHECK(facts.has_date);
  CHECK_FALSE(facts.has_author);
  CHECK(facts.message_id == "<1 @a>");
  CHECK_FALSE(facts.is_complete());
  CHECK(clean_header("Date: x\r\nFrom: y\r\nMessage-ID: z\r\n", nullptr, out).is_complete());
}

TEST_CASE("clean header: From, Sender, Reply-To, To and Cc get the domain; other fields keep their bytes") {
  CHECK(with_domains("FROM:root (Cron Daemon)\r\nTo : a,\r\n\tb\r\ncc:\tc@d.example\r\nReply-To: e\r\nSender: f\r\nX-To: h\r\n") ==
        "FROM:root@mx.example (Cron Daemon)\r\nTo : a@mx.example,\r\n\tb@mx.example\r\ncc:\tc@d.example\r\nReply-To: e@mx.example\r\n"
        "Sender: f@mx.example\r\nX-To: h\r\n");
  CHECK(with_domains("To: x@y.example, me@home <root>, Name <a@b.example>\r\n") ==
        "To: x@y.example, \"me@home\" <root@mx.example>, Name <a@b.example>\r\n");
  for (const char* text : {"To: \"x\r\n", "To:", "To: a@b.example, Name <c@d.example>\r\n"}) CHECK(with_domains(text) == text);
}

TEST_CASE("clean header: lists are written as mail hosts on the way leave them, in one field") {
  CHECK(with_domains("From: J. Doe<j@x.example>\r\nTo: a,b@y.example\r\nTo: Dr. C<c@z.example>,\r\n") ==
        "From: \"J. Doe\" <j@x.example>\r\nTo: a@mx.example, b@y.example,\r\n \"Dr. C\" <c@z.example>\r\n");
  std::string out;
  clean_header("To: a,b@y.example\r\n", nullptr, out);
  CHECK(out == "To: a,b@y.example\r\n");  // of others
}

TEST_CASE("clean header: every address field gets the domain") {
  for (const std::string name :
       {"Resent-To", "resent-from", "Errors-To", "Disposition-Notification-To", "Mail-Followup-To", "Resent-Sender"})
    CHECK(with_domains(name + ": carl\r\n") == name + ": carl@mx.example\r\n");
  CHECK(with_domains("X-Errors-To: carl\r\nIn-Reply-To: carl\r\n") == "X-Errors-To: carl\r\nIn-Reply-To: carl\r\n");
}

TEST_CASE("clean header: several To fields become one, and several Cc; lists that cannot be read stay by themselves") {
  CHECK(with_domains("To: root,\r\nSubject: s\r\nTO: admin,\r\nTo: x@y.example\r\nDate: d\r\n") ==
        "To: root@mx.example,\r\n admin@mx.example,\r\n x@y.example\r\nSubject: s\r\nDate: d\r\n");
  CHECK(with_domains("Cc: a@b.example\r\nTo: c\r\nCc: (x,) \"d, e\" <f>,, \r\nTo:\r\n\tg\r\n") ==
        "Cc: a@b.example,\r\n (x,) \"d, e\" <f@mx.example>\r\nTo: c@mx.example,\r\n g@mx.example\r\n");
  CHECK(with_domains("To: ,\r\nTo: a\r\nTo: ,\r\n") == "To: a@mx.example\r\n");
  CHECK(with_domains("To: undisclosed-recipients:;\r\nTo: a\r\n") == "To: undisclosed-recipients:;,\r\n a@mx.example\r\n");
  for (const char* text : {"To: a@b.example\r\nTo: \"x\r\n", "To: <a@b.example\r\nTo: c@d.example\r\n", "To: a,\r\n"})
    CHECK(with_domains(text) == std::string(text == std::string("To: a,\r\n") ? "To: a@mx.example,\r\n" : text));
  CHECK(cleaned("To: a\r\nTo: b\r\n") == "To: a\r\nTo: b\r\n");
}

TEST_CASE("clean header: what is completed in one header is bounded") {
  std::string header = "To: root\r\n";
  const std::string large = "Reply-To: " + std::string(63 * 1024, ' ') + "root\r\n";
  for (int i = 0; i < 3; ++i) header += large;
  const std::string out = with_domains(header);
  CHECK(out.starts_with("To: root@mx.example\r\n"));
  CHECK(out.ends_with(" root\r\n"));
  CHECK(out.size() == header.size() + 2 * std::string("@mx.example").size());
}

TEST_CASE("clean header: short names do not make a header grow without bound") {
  std::string header = "To: root\r\nCc: ";
  while (header.size() < 60'000) header += "a,";
  header += "a\r\n";
  const Domain domain = Domain::parse("mx." + std::string(60, 'x') + ".example").value();
  const HeaderCompletion completion{&domain};
  std::string out;
  clean_header(header, &completion, out);
  const auto blanks = static_cast<std::size_t>(std::count(header.begin(), header.end(), ','));
  CHECK(out.size() == header.size() + 1 + domain.text().size() + blanks);
}

TEST_CASE("blind copies: behind a header without empty line, what reads as Bcc goes, up to the first empty line") {
  const struct {
    std::string_view text, left;
  } cases[] = {
      {"no field\r\nBcc: secret@x.example\r\nend\r\n", "no field\r\nend\r\n"},
      {"\vBcc: secret@x.example\r\n\tmore@x.example\r\nend\r\n", "end\r\n"},
      {"\xef\xbb\xbfResent-Bcc: secret\r\n\fbcc\v : secret\r\n\xe2\x80\xa8"
       "Bcc: secret\r\nBcc\xc2\x85: secret",
       ""},
      {" BCC: secret\r\n\r\nBcc: text\r\n", "\r\nBcc: text\r\n"},
      {"Bcc\r\nBccs: text\r\nthe Bcc: text\r\n", "Bcc\r\nBccs: text\r\nthe Bcc: text\r\n"},
      {"\r\nBcc: text", "\r\nBcc: text"},
  };
  for (const auto& [text, left] : cases) {
    CAPTURE(text);
    for (std::size_t piece = 1; piece <= text.size(); ++piece) CHECK(filtered(text, piece) == left);
  }
  const std::string behind_noise = std::string(130, '\v') + "Bcc: text\r\n";  // text that no person reads as a field
  CHECK(filtered(behind_noise, behind_noise.size()) == behind_noise);
  CHECK(filtered(behind_noise, 7) == behind_noise);
  const std::string long_line(1000, 'x');
  CHECK(filtered("Bcc: " + long_line + "\r\n " + long_line + "\r\n" + long_line, 7) == long_line);
}

namespace {

std::string renamed(std::string_view header) {
  const auto author = [](std::string_view address) -> std::optional<std::string> {
    if (address == "root" || address == "root@mx.example") return "admin@out.example";
    return std::nullopt;
  };
  const Domain domain = Domain::parse("mx.example").value();
  const HeaderCompletion completion{&domain, author};
  std::string out;
  clean_header(header, &completion, out);
  return out;
}

}  // namespace

TEST_CASE("clean header: authors get other addresses in From, Sender, Reply-To and Resent-, recipients do not") {
  CHECK(renamed("From: root (Cron Daemon)\r\nTo: root\r\n") == "From: admin@out.example (Cron Daemon)\r\nTo: root@mx.example\r\n");
  CHECK(renamed("From: \"Doe, J.\"\r\n <root@mx.example>, me,\r\n (x) root\r\n") ==
        "From: \"Doe, J.\"\r\n <admin@out.example>, me@mx.example,\r\n (x) admin@out.example\r\n");
  for (const std::string name : {"Sender", "Reply-To", "Resent-From", "resent-sender", "Resent-Reply-To"})
    CHECK(renamed(name + ": <root>\r\n") == name + ": <admin@out.example>\r\n");
  for (const char* text : {"From: \"root\r\n", "From: root@other.example\r\n", "X-From: root\r\n", "From: a@b.example, root (\r\n"})
    CHECK(renamed(text) == text);
}

TEST_CASE("clean header: the work and the growth of completion are bounded, however a header spreads its addresses") {
  const Domain domain = Domain::parse(std::string(60, 'd') + ".example").value();
  std::string many;
  for (int i = 0; i < 31'000; ++i) many += "a,";
  std::string spread;
  for (int i = 0; i < 1'000; ++i) spread += "Resent-From: a, b\r\nResent-To: " + std::string(40, '"') + "c, d, e, f, g, h, i\r\n";
  for (const std::string& header : {"From: " + many + "\r\n", spread, "From: " + many + "\r\nReply-To: " + many + "\r\n" + spread}) {
    std::size_t asked = 0;
    const HeaderCompletion completion{&domain, [&asked](std::string_view) -> std::optional<std::string> {
                                        ++asked;
                                        return std::string(100, 'x') + "@out.example";
                                      }};
    std::string out;
    clean_header(header, &completion, out);
    CHECK(asked <= 100);
    CHECK(out.size() <= header.size() + 128 * 1024);
  }
}

TEST_CASE("clean header: a renamed address that is longer than a header may grow stays as it is") {
  const Domain domain = Domain::parse("mx.example").value();
  const std::string longer(300 * 1024, 'x');
  const HeaderCompletion completion{&domain, [&longer](std::string_view) { return std::optional(longer); }};
  std::string out;
  clean_header("From: a@b.example\r\nSender: a@b.example\r\n", &completion, out);
  CHECK(out == "From: a@b.example\r\nSender: a@b.example\r\n");
}

TEST_CASE("clean header: of Date, From and Message-ID the first one that says something stays") {
  CHECK(with_domains(
            "Date:\r\nDate: a\r\nSubject: s\r\nDATE: b\r\nFrom: \r\n\t\r\nMessage-ID: \r\nFrom: x@y.example\r\nFrom: z@y.example\r\n") ==
        "Date: a\r\nSubject: s\r\nFrom: x@y.example\r\n");
  std::string out;
  const Domain domain = Domain::parse("mx.example").value();
  const HeaderCompletion completion{&domain};
  const auto facts = clean_header("Date:\r\nFrom: \r\nMessage-ID:\r\n", &completion, out);
  CHECK(out == "");
  CHECK_FALSE((facts.has_date || facts.has_author || facts.message_id));
  out.clear();
  clean_header("Date: a\r\nDate: b\r\n", nullptr, out);  // mail that passes through
  CHECK(out == "Date: a\r\nDate: b\r\n");
}
