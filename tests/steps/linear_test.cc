// Every parser of proto/ takes linear time: twice the input, at most a little over twice the steps.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/address_list.h"
#include "proto/alias_target.h"
#include "proto/clean_header.h"
#include "proto/command.h"
#include "proto/domain.h"
#include "proto/dsn.h"
#include "proto/dsn_text.h"
#include "proto/encoding.h"
#include "proto/extensions.h"
#include "proto/header.h"
#include "proto/mail_data.h"
#include "proto/mailbox.h"
#include "proto/mime.h"
#include "proto/printable.h"
#include "proto/replace_author.h"
#include "proto/reply.h"
#include "proto/seven_bit_header.h"
#include "proto/trace.h"
#include "proto/wrapped.h"
#include "proto/xtext.h"
#include "tests/steps/step_counter.h"

using namespace mxpress::proto;
using mxpress::tests::conversions_of;
using mxpress::tests::steps_of;

namespace {

std::optional<std::string> same_author(std::string_view address) {
  return address == "root" ? std::optional<std::string>("root@out.example") : std::nullopt;
}

}  // namespace

namespace {

using Maker = std::function<std::string(std::size_t octets)>;
using Parser = std::function<void(const std::string&)>;

struct Input {
  const char* name;
  Maker make;
};

// A beginning, this many octets of repetitions of the unit, and an end.
Maker repeated(std::string unit, std::string beginning = {}, std::string end = {}) {
  return [unit, beginning, end](std::size_t octets) {
    std::string text = beginning;
    while (text.size() < octets) text += unit;
    return text + end;
  };
}

// The first half of one thing, the second of another.
Maker halves(std::string first, std::string second, std::string beginning = {}, std::string end = {}) {
  return [=](std::size_t octets) { return repeated(first, beginning)(octets / 2) + repeated(second)(octets / 2) + end; };
}

void check_linear(const Parser& parse, const Maker& make, std::size_t octets) {
  constexpr std::uint64_t kFixed = 5000;
  std::uint64_t before = 0;
  for (std::size_t size = octets; size <= 4 * octets; size *= 2) {
    const std::string input = make(size);
    const std::uint64_t steps = steps_of([&] { parse(input); });
    CAPTURE(size, before, steps);
    if (before > 0) CHECK(steps <= before * 2 + before / 4 + kFixed);
    before = steps;
  }
}

void check_all_linear(const Parser& parse, const std::vector<Input>& inputs, std::size_t octets = 64 * 1024) {
  for (const Input& input : inputs) {
    CAPTURE(input.name);
    check_linear(parse, input.make, octets);
  }
}

const std::string kLongLine = std::string(1200, 'x') + "\r\n";

std::string nested(int depth, std::string innermost) {
  std::string open;
  std::string close;
  for (int i = 0; i < depth; ++i) {
    const std::string boundary = "b" + std::to_string(i);
    open += "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n";
    close = "--" + boundary + "--\r\n" + close;
  }
  return open + std::move(innermost) + close;
}

const std::vector<Input> kHeaders = {
    {"one long line", repeated("x", "A: ", "\r\n\r\nbody\r\n")},
    {"no colon", repeated("x")},
    {"blanks before a colon that never comes", repeated(" ", "A")},
    {"many fields", repeated("a:b\r\n", "", "\r\nbody\r\n")},
    {"many malformed lines", repeated("a b\r\n", "A: b\r\n", "\r\nbody\r\n")},
    {"a folded field", repeated(" x\r\n", "A: b\r\n", "\r\nbody\r\n")},
    {"tokens, then blanks", halves(" token", " ", "A:", "\r\n\r\nbody\r\n")},
    {"carriage returns", repeated("\r", "A: b")},
    {"line feeds", repeated("\n", "A: b")},
    {"white lines", repeated(" \r\n", "A: b\r\n")},
    {"recipients", repeated("To: a, b <c>, (d) e@f.example\r\n", "", "\r\nbody\r\n")},
    {"authors", repeated("From: a, b <c>, (d) e@f.example\r\n", "", "\r\nbody\r\n")},
    {"one list of authors", repeated("root, ", "From: ", "x\r\n\r\nbody\r\n")},
    {"one list of recipients", repeated("root, ", "To: ", "x\r\n\r\nbody\r\n")},
    {"routes of U-labels", repeated("To: <@\xC3\xBC.example:a@b.example>\r\n", "", "\r\nbody\r\n")},
    {"two lists that become one", halves("<a@b>,", "<c@d>,\r\nTo: x,", "To: ", "\r\n\r\nbody\r\n")},
};

const std::vector<Input> kMessages = {
    {"tokens, then blanks, in a header line", halves(" token", " ", "A:", "\r\n\r\nbody\r\n")},
    {"tokens, then one that is too long", halves(" token", "x", "A:", "\r\n\r\nbody\r\n")},
    {"a header line of short tokens", repeated(" a", "A:", "\r\n\r\nbody\r\n")},
    {"tokens of half a line", repeated(" " + std::string(500, 'x'), "A:", "\r\n\r\nbody\r\n")},
    {"many long header lines", repeated("A: " + std::string(990, 'x') + " yyyyyyyyyyy\r\n", "", "\r\nbody\r\n")},
    {"parameters", repeated("; a=b", "Content-Type: multipart/mixed", "\r\n\r\n" + kLongLine)},
    {"semicolons", repeated(";", "Content-Type: multipart/mixed", "\r\n\r\n" + kLongLine)},
    {"a boundary in quotes", repeated("\\\"", "Content-Type: multipart/mixed; boundary=\"", "\r\n\r\n" + kLongLine)},
    {"a long body", repeated("x\r\n", "A: b\r\n\r\n" + kLongLine)},
    {"nested 90 deep around a long body",
     [](std::size_t octets) { return nested(90, repeated("text\r\n", "\r\n" + kLongLine + "\xC3\xBC\r\n")(octets)); }},
    {"nested 19 deep around many parts",
     [](std::size_t octets) { return nested(19, repeated("--b18\r\n\r\n" + kLongLine, "\r\n")(octets)); }},
    {"nested 90 deep around lines like delimiters",
     [](std::size_t octets) { return nested(90, repeated("--bx\r\n", "\r\n" + kLongLine)(octets)); }},
    {"messages in messages", repeated("Content-Type: message/rfc822\r\n\r\n", "", "A: b\r\n\r\n" + kLongLine)},
    {"multiparts in multiparts", repeated("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", "", kLongLine)},
    {"many empty parts", repeated("--b\r\n\r\n", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + kLongLine)},
    {"delimiters with blanks",
     repeated("--b" + std::string(900, ' ') + "x\r\n", "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + kLongLine)},
    {"dashes", repeated("-", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n")},
    {"8-bit parts", repeated("--b\r\n\r\n\xFF\r\n", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + kLongLine)},
    {"binary", repeated("\xFF", "Content-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n\r\n")},
    {"base64 in one line", repeated("QUFB", "Content-Type: a/b\r\nContent-Transfer-Encoding: base64\r\n\r\n")},
};

const std::vector<Input> kEncodedMessages = {
    {"8-bit words in a header line", repeated(" \xC3\xBC", "Subject:", "\r\n\r\nbody\r\n")},
    {"8-bit words and others", repeated(" \xC3\xBC a", "Subject:", "\r\n\r\nbody\r\n")},
    {"one long 8-bit word", repeated("\xC3\xBC", "Subject: ", "\r\n\r\nbody\r\n")},
    {"8-bit names", repeated("\xC3\xBC <a@b.example>, ", "To: ", "\r\n\r\nbody\r\n")},
    {"8-bit addresses", repeated("\xC3\xBC@b.example, ", "To: ", "\r\n\r\nbody\r\n")},
    {"8-bit domains", repeated("<a@b\xC3\xBC.example>, ", "To: ", "\r\n\r\nbody\r\n")},
    {"an 8-bit comment", repeated("(\xC3\xBC", "To: a@b.example ", "\r\n\r\nbody\r\n")},
    {"open brackets", repeated("<\xC3\xBC", "To: ", "\r\n\r\nbody\r\n")},
    {"8-bit parameters", repeated("; name=\xC3\xBC", "Content-Type: a/b", "\r\n\r\nbody\r\n")},
    {"one long 8-bit parameter", repeated("\xC3\xBC", "Content-Type: a/b; name=", "\r\n\r\nbody\r\n")},
    {"8-bit fields", repeated("A: \xC3\xBC\r\n", "", "\r\nbody\r\n")},
    {"one encoded-word", repeated("AAAA", "Subject: =?utf-8?B?", "?=\r\n\r\nbody\r\n")},
    {"encoded-words side by side", repeated("=?a?Q?x?=", "Subject: ", "\r\n\r\nbody\r\n")},
    {"beginnings of encoded-words", repeated("=?a?Q?", "Subject: ", "\r\n\r\nbody\r\n")},
    {"false quoted-printable", repeated("=\xC3\xBC", "Content-Transfer-Encoding: quoted-printable\r\n\r\n")},
    {"quoted-printable in one line", repeated("=C3=BC\xC3\xBC", "Content-Transfer-Encoding: quoted-printable\r\n\r\n")},
    {"soft line breaks", repeated("=\r\n", "Content-Transfer-Encoding: quoted-printable\r\n\r\n\xC3\xBC" + kLongLine)},
    {"a preamble", repeated("\xC3\xBC", "Content-Type: multipart/mixed; boundary=b\r\n\r\n", "\r\n--b\r\n\r\n--b--\r\n")},
};

const std::vector<Input> kTexts = {
    {"letters", repeated("x")},
    {"blanks", repeated(" ")},
    {"8-bit", repeated("\xFF")},
    {"UTF-8", repeated("\xC3\xBC")},
    {"equals signs", repeated("=")},
    {"lines", repeated("x\r\n")},
    {"empty lines", repeated("\r\n")},
    {"carriage returns", repeated("\r")},
    {"line feeds", repeated("\n")},
    {"dots", repeated(".")},
    {"lines of dots", repeated("..\r\n")},
    {"NULs", repeated(std::string(1, '\0'))},
    {"mbox lines", repeated("From \r\n")},
    {"control characters", repeated("\x1b")},
    {"lines, then a flaw", halves("x\r\n", "x\n")},
};

}  // namespace

TEST_CASE("linear: headers are split and searched in linear time") {
  check_all_linear([](const std::string& text) { (void)split_message(text); }, kHeaders);
  check_all_linear([](const std::string& text) { (void)find_field(split_message(text).header, "Absent"); }, kHeaders);
  const Domain domain = *Domain::parse("here.example");
  const HeaderCompletion completion{&domain, same_author};
  const auto clean = [&](const std::string& text) {
    std::string out;
    (void)clean_header(split_message(text).header, &completion, out);
  };
  check_all_linear(clean, kHeaders);
  check_all_linear([](const std::string& text) { (void)unfolded(text); }, kHeaders);
  check_all_linear([](const std::string& text) { (void)recipients_of_header(split_message(text).header); }, kHeaders);
  const Mailbox author = *Mailbox::parse("me@provider.example");
  check_all_linear([&](const std::string& text) { (void)replace_author(split_message(text).header, author); }, kHeaders);
}

TEST_CASE("linear: a header that comes octet by octet is scanned and filtered in linear time") {
  const auto scan = [](const std::string& text) {
    HeaderScanner scanner(MboxLines::are_dropped);
    for (std::size_t known = 1; known <= text.size() && !scanner.find_end(std::string_view(text).substr(0, known), Extent::may_grow);)
      ++known;
  };
  const auto filter = [](const std::string& text) {
    BlindCopyFilter filter;
    std::string out;
    for (const char c : text) filter.feed({&c, 1}, out);
  };
  check_all_linear(scan, kHeaders, 16 * 1024);
  check_all_linear(filter, kHeaders, 16 * 1024);
}

TEST_CASE("linear: messages are converted in linear time, whatever is in them") {
  check_all_linear([](const std::string& text) { (void)reencode_for_transport(text); }, kMessages);
  check_all_linear([](const std::string& text) { (void)downgrade_to_seven_bit(text); }, kMessages);
  check_all_linear([](const std::string& text) { (void)reencode_for_transport(text); }, kHeaders);
  check_all_linear([](const std::string& text) { (void)reencode_for_transport(text); }, kEncodedMessages);
  check_all_linear([](const std::string& text) { (void)downgrade_to_seven_bit(text); }, kEncodedMessages);
}

TEST_CASE("linear: a body is not copied or searched again for each multipart around it") {
  const std::string body = repeated("text\r\n", "\r\n" + kLongLine)(256 * 1024);
  const auto steps_at = [&](int depth) {
    const std::string message = nested(depth, body);
    return steps_of([&] { (void)reencode_for_transport(message); });
  };
  CHECK(steps_at(90) < steps_at(1) + steps_at(1) / 2);
}

TEST_CASE("linear: a survey that is fed octet by octet takes linear time") {
  const auto survey = [](const std::string& text) {
    MimeSurvey reading(MimeGoal::short_lines);
    for (const char c : text) reading.feed({&c, 1});
    (void)reading.finish();
  };
  check_all_linear(survey, kMessages, 16 * 1024);
}

TEST_CASE("linear: content is decoded, encoded and inspected in linear time, in large pieces and in small ones") {
  for (const std::size_t piece : {std::size_t{7}, std::size_t{4096}, std::size_t{1} << 30}) {
    const auto in_pieces = [piece](const std::string& text, const std::function<void(std::string_view)>& feed) {
      for (std::size_t at = 0; at < text.size(); at += piece) feed(std::string_view(text).substr(at, piece));
    };
    CAPTURE(piece);
    const auto decode = [&](const std::string& text) {
      DataDecoder decoder;
      std::string out;
      in_pieces(text, [&](std::string_view bytes) { decoder.feed(bytes, out); });
    };
    const auto encode = [&](const std::string& text) {
      DataEncoder encoder;
      std::string out;
      in_pieces(text, [&](std::string_view bytes) { encoder.feed(bytes, out); });
    };
    const auto normalise = [&](const std::string& text) {
      LineEndNormaliser normaliser;
      std::string out;
      in_pieces(text, [&](std::string_view bytes) { normaliser.feed(bytes, out); });
    };
    check_all_linear(decode, kTexts);
    check_all_linear(encode, kTexts);
    check_all_linear(normalise, kTexts);
  }
  check_all_linear([](const std::string& text) { (void)inspect(text); }, kTexts);
}

TEST_CASE("linear: transfer encodings, xtext and cleaning take linear time") {
  check_all_linear([](const std::string& text) { (void)base64_lines(text); }, kTexts);
  check_all_linear([](const std::string& text) { (void)quoted_printable(text); }, kTexts);
  check_all_linear([](const std::string& text) { (void)is_utf8(text); }, kTexts);
  check_all_linear([](const std::string& text) { (void)decode_xtext(encode_xtext(text)); }, kTexts);
  check_all_linear([](const std::string& text) { (void)printable(text, text.size()); }, kTexts);
  check_all_linear([](const std::string& text) { (void)format_author(text, text); }, kTexts);
}

TEST_CASE("linear: address lists are read and completed in linear time") {
  const std::vector<Input> lists = {
      {"addresses", repeated("a@b.example, ")},
      {"names", repeated("x <a@b.example>, ")},
      {"local parts", repeated("root, ")},
      {"one long word", repeated("x")},
      {"words", repeated("x ")},
      {"commas", repeated(",")},
      {"open comments", repeated("(")},
      {"comments", repeated("(x)")},
      {"backslashes", repeated("\\")},
      {"open quotes", repeated("\"x\" ")},
      {"groups", repeated("g: a, b; ")},
      {"open brackets", repeated("<")},
      {"a route", repeated("@a.example,", "<", ":a@b.example>")},
      {"a route of literals", repeated("@[x,", "<", "]:a@b.example>")},
      {"routes", repeated("<@a.example:b@c.example>, ")},
      {"a route of U-labels", repeated("@\xC3\xBC.example,", "<", ":a@b.example>")},
      {"routes of U-labels", repeated("<@\xC3\xBC.example:b@c.example>, ")},
      {"U-labels", repeated("a@\xC3\xBC.example, ")},
      {"one domain of U-labels", repeated("\xC3\xBC.", "a@")},
      {"wide dots", repeated("\xE3\x80\x82", "@", ":")},
      {"halves of wide dots", repeated("\xE3\x80", "@", ":")},
      {"literals", repeated("a@[192.0.2.1], ")},
      {"folds", repeated("\r\n ")},
  };
  const Domain domain = *Domain::parse("here.example");
  check_all_linear([](const std::string& text) { (void)parse_address_list(text); }, lists);
  check_all_linear(
      [&](const std::string& text) {
        std::size_t most = SIZE_MAX;
        (void)with_domain(text, domain, most);
      },
      lists);
  check_all_linear([](const std::string& text) { (void)parse_alias_targets(text); }, lists);
  check_all_linear([](const std::string& text) { (void)Mailbox::parse(text); }, lists);
  check_all_linear([](const std::string& text) { (void)without_source_route(text); }, lists);
  check_all_linear([](const std::string& text) { (void)Domain::parse(text); }, lists);
}

TEST_CASE("linear: commands are read in linear time") {
  const std::vector<Input> lines = {
      {"distinct parameters",
       [](std::size_t octets) {
         std::string text = "FROM:<a@b.example>";
         for (int i = 0; text.size() < octets; ++i) text += " P" + std::to_string(i);
         return text;
       }},
      {"blanks", repeated(" ", "FROM:<a@b.example> SIZE=1", "X")},
      {"quotes", repeated("\"", "FROM:<")},
      {"digits", repeated("9", "FROM:<a@b.example> SIZE=")},
      {"xtext", repeated("+41", "FROM:<a@b.example> ENVID=")},
      {"a route", repeated("@a.example,", "FROM:<", ":a@b.example>")},
      {"a route of U-labels", repeated("@\xC3\xBC.\xC3\xBC,", "FROM:<", ":a@b.example>")},
      {"a domain of U-labels", repeated("\xC3\xBC.", "FROM:<a@", ">")},
      {"notifications", repeated("success,", "TO:<a@b.example> NOTIFY=")},
  };
  const AddressRules rules{*Domain::parse("here.example"), AddressForm::submission};
  check_all_linear([&](const std::string& text) { (void)parse_mail_arguments(text, rules); }, lines);
  check_all_linear(
      [&](const std::string& text) { (void)parse_rcpt_arguments("TO:" + text.substr(std::min<std::size_t>(5, text.size())), rules); },
      lines);
  check_all_linear([&](const std::string& text) { (void)parse_command(text); }, lines);
  check_all_linear([&](const std::string& text) { (void)parse_hello_argument(text); }, lines);
}

TEST_CASE("linear: replies are read and written in linear time") {
  const std::vector<Input> replies = {
      {"lines", repeated("250-x\r\n")},
      {"empty lines", repeated("250-\r\n")},
      {"enhanced codes", repeated("550-5.1.1 x\r\n")},
      {"a long line", repeated("x", "250-")},
      {"without line feeds", repeated("\r", "250-")},
  };
  const auto read = [](const std::string& text) {
    ReplyParser parser;
    for (const char c : text + "250 x\r\n") parser.feed({&c, 1});
    const auto reply = parser.take();
    if (reply && reply->ok()) (void)parse_extensions(**reply), (void)(*reply)->to_string();
  };
  check_all_linear(read, replies, 4 * 1024);
  check_all_linear([](const std::string& text) { (void)format_reply(250, std::nullopt, text); }, kTexts);
}

TEST_CASE("linear: notices and trace fields are composed in linear time") {
  Notice notice{.reporting_host = *Domain::parse("mx.here.example"), .to = *Mailbox::parse("me@here.example")};
  notice.boundary = "R";
  notice.ret = Return::full;
  notice.original_is_whole = true;
  const std::vector<Input> originals = {
      {"boundaries", repeated("--mxpress-R\r\n", "A: b\r\n\r\n")},
      {"numbered boundaries",
       [](std::size_t octets) {
         std::string text = "A: b\r\n\r\n";
         std::string last = "--mxpress-R";
         for (int i = 0; text.size() < octets; ++i) text += last + "-" + std::to_string(i) + "\r\n", last += "-" + std::to_string(i);
         return text;
       }},
      {"nearly boundaries", repeated("--mxpress-", "A: b\r\n\r\n")},
      {"fields", repeated("a: b\r\n")},
  };
  const auto compose = [&](const std::string& text) {
    notice.original = text;
    (void)compose_notice(notice);
  };
  check_all_linear(compose, originals, 8 * 1024);  // lines over 998 octets would add a conversion
  check_all_linear([](const std::string& text) { (void)wrapped(text, " "); }, kTexts);
  const Domain here = *Domain::parse("mx.here.example");
  Trace trace{.by = here};
  trace.type = TransmissionType::esmtp;
  const auto compose_field = [&](const std::string& text) {
    trace.client_name = text;
    (void)received_field(trace);
  };
  check_all_linear(compose_field, kTexts);
}

TEST_CASE("linear: a header is cleaned in pieces of bounded size") {
  const Domain domain = *Domain::parse("here.example");
  const HeaderCompletion completion{&domain, same_author};
  for (const char* fields : {"a:b\r\n", "To: root\r\n", "To: <@\xC3\xBC.example:a@b.example>\r\nCc: x\r\n", "Received: x\r\n"}) {
    CAPTURE(fields);
    const std::string header = repeated(fields)(1 << 20);
    std::string out;
    const std::uint64_t all = steps_of([&] { (void)clean_header(header, &completion, out); });
    std::string in_pieces;
    HeaderCleaner cleaner(header, &completion);
    std::uint64_t most = 0;
    for (bool is_complete = false; !is_complete;)
      most = std::max(most, steps_of([&] { is_complete = cleaner.go_on(64 * 1024, in_pieces); }));
    CHECK(most < all / 3);  // the last piece puts merged fields in their place
    CHECK(in_pieces == out);
  }
}

namespace {

std::string u_labels(std::size_t count) {
  std::string name = "\xC3\xBC";
  for (std::size_t i = 1; i < count; ++i) name += ".\xC3\xBC";
  return name;
}

}  // namespace

TEST_CASE("conversions: a source route is read without any, however many domains it has") {
  const AddressRules rules{*Domain::parse("here.example"), AddressForm::submission};
  const std::string path = "<" + repeated("@" + u_labels(31) + ",")(1900) + "@b.example:a@b.example>";
  CHECK(parse_rcpt_arguments("TO:" + path, rules).ok());
  CHECK(conversions_of([&] { (void)parse_rcpt_arguments("TO:" + path, rules); }) == 0);
  CHECK(parse_mail_arguments("FROM:" + path, rules).ok());
  CHECK(conversions_of([&] { (void)parse_mail_arguments("FROM:" + path, rules); }) == 0);
}

TEST_CASE("conversions: a header is completed without any, whatever addresses and routes it has") {
  const Domain domain = *Domain::parse("here.example");
  const HeaderCompletion completion{&domain, same_author};
  const std::string route = "<" + repeated("@" + u_labels(31) + ",\r\n ")(900) + "@b:a@" + u_labels(31) + ">";
  const std::string address = "(x) u@" + u_labels(31);
  const std::string header = repeated("To: " + route + ",\r\n " + address + ", root\r\n")(1 << 20);
  std::string out;
  CHECK(conversions_of([&] { (void)clean_header(header, &completion, out); }) == 0);
  CHECK(out.find("root@here.example") != std::string::npos);
}

TEST_CASE("conversions: a header for hosts that take only ASCII takes a bounded number") {
  const std::string header = repeated("<a@" + u_labels(31) + ">,\r\n ", "To: x@b\xC3\xBC.example, ", "<a@b>\r\n")(1 << 20);
  std::string encoded;
  CHECK(conversions_of([&] { encoded = seven_bit_header(header); }) < 9000);
  CHECK(encoded.starts_with("To: x@xn--b-eha.example, "));
  CHECK(encoded.find("<a@xn--tda.xn--tda.") < 100);
  CHECK(encoded.ends_with(":;,\r\n <a@b>\r\n"));
}

TEST_CASE("conversions: a name that can be no domain is refused without any") {
  const std::string u = "\xC3\xBC";
  const auto repeat = [](const std::string& unit, std::size_t times) {
    std::string text;
    while (times-- > 0) text += unit;
    return text;
  };
  for (const std::string& text :
       {u_labels(31) + "..x", u_labels(31) + "." + std::string(64, 'a'), u_labels(31) + ".a b", u_labels(31) + ".\xFF", repeat(u, 266),
        repeat(u + ".", 342) + "x", std::string("." + u), std::string("example.org")}) {
    CAPTURE(text);
    CHECK(conversions_of([&] { (void)Domain::parse(text); }) == 0);
  }
}

TEST_CASE("conversions: a name takes one for each label that is not ASCII, and none beyond 255 octets") {
  CHECK(conversions_of([] {
          CHECK(Domain::parse("a.b\xC3\xBC"
                              "c.example")
                    .ok());
        }) == 1);
  CHECK(Domain::parse(u_labels(31)).ok());
  CHECK(conversions_of([] { (void)Domain::parse(u_labels(31)); }) == 31);
  CHECK_FALSE(Domain::parse(u_labels(340)).ok());
  CHECK(conversions_of([] { (void)Domain::parse(u_labels(340)); }) == 33);
}

TEST_CASE("linear: the counter sees more than linear time") {
  const auto quadratic = [](const std::string& text) {
    // Not instrumented itself, but the functions that it calls are.
    for (std::size_t at = 0; at < text.size(); at += 64) (void)find_field(std::string_view(text).substr(at), "Absent");
  };
  const auto steps_for = [&](std::size_t octets) { return steps_of([&] { quadratic(repeated("a: b\r\n")(octets)); }); };
  CHECK(steps_for(32 * 1024) > 3 * steps_for(16 * 1024));
}
