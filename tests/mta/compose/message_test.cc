// The octets of composed messages.
#include "mta/compose/message.h"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <ctime>
#include <fstream>

#include "proto/encoding.h"
#include "proto/header.h"
#include "proto/mail_data.h"
#include "tests/support/composing.h"

using namespace mxpress;
using namespace mxpress::mta::compose;
using mxpress::testing::Desk;
using mxpress::testing::lines_with;
using mxpress::testing::short_letter;
using mxpress::testing::written;

namespace {

std::string field(const std::string& message, std::string_view name) {
  const auto found = proto::find_field(proto::split_message(message).header, name);
  return found ? proto::unfolded(found->value) : "none";
}

// The lines behind the header that has this field, up to the next boundary.
std::string content_behind(const std::string& message, const std::string& line) {
  const auto at = message.find(line);
  REQUIRE(at != std::string::npos);
  const auto begin = message.find("\r\n\r\n", at) + 4;
  return message.substr(begin, message.find("\r\n--=-", begin) - begin);
}

std::string joined(std::string text) {
  std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
  return text;
}

void check_wire(const std::string& message) {
  const auto facts = proto::inspect(message);
  CHECK_FALSE(facts.eight_bit);
  CHECK(facts.longest_line <= 998);
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (message[i] == '\n') REQUIRE((i > 0 && message[i - 1] == '\r'));
    if (message[i] == '\r') REQUIRE((i + 1 < message.size() && message[i + 1] == '\n'));
  }
}

}  // namespace

TEST_CASE("message: a text alone is the body, with date, people and Message-ID") {
  const Desk desk;
  auto letter = short_letter();
  letter.text = desk.source("text", "Hello\nworld\n");
  letter.cc = {{"Jörg", "joerg@there.example"}};
  letter.subject = "Hi";
  const std::string message = written(std::move(letter));
  CHECK(field(message, "Date") == "Wed, 15 Nov 2023 00:13:20 +0200");
  CHECK(field(message, "From") == "me@here.example");
  CHECK(field(message, "To") == "you@there.example");
  CHECK(field(message, "Cc") == "=?UTF-8?b?SsO2cmc=?= <joerg@there.example>");
  CHECK(field(message, "Message-Id") == "<1@here.example>");
  CHECK(field(message, "MIME-Version") == "1.0");
  CHECK(field(message, "Content-Type") == "text/plain; charset=us-ascii");
  CHECK(message.ends_with("\r\n\r\nHello\r\nworld\r\n"));
  check_wire(message);
}

TEST_CASE("message: parts nest as mixed, alternative, related, as far as they are needed") {
  const Desk desk;
  auto letter = short_letter();
  letter.text = desk.source("text", "x\n");
  letter.html = desk.source("html", "<p>x<img src=\"cid:logo.png\">\n");
  letter.inlines.push_back(desk.source("logo.png", "\x89PNG\r\n\x1a\n"));
  letter.attachments.push_back(desk.source("a.bin", std::string("\0\1", 2)));
  const auto types = lines_with(written(std::move(letter)), "Content-Type: ");
  REQUIRE(types.size() == 7);
  const char* const expected[] = {"multipart/mixed", "multipart/alternative",   "text/plain", "multipart/related", "text/html",
                                  "image/png",       "application/octet-stream"};
  for (std::size_t i = 0; i < types.size(); ++i) {
    CAPTURE(types[i]);
    CHECK(types[i].starts_with(std::string("Content-Type: ") + expected[i]));
  }
  auto simple = short_letter();
  simple.html = desk.source("html", "<p>x\n");
  CHECK(lines_with(written(std::move(simple)), "Content-Type: ") == std::vector<std::string>{"Content-Type: text/html; charset=us-ascii"});
}

TEST_CASE("message: an inline file has its name as Content-ID") {
  const Desk desk;
  auto letter = short_letter();
  letter.html = desk.source("html", "<p>\n");
  letter.inlines.push_back(desk.source("logo.png", "x"));
  const std::string message = written(std::move(letter));
  CHECK(lines_with(message, "Content-Id: ") == std::vector<std::string>{"Content-Id: <logo.png>"});
  CHECK(lines_with(message, "Content-Disposition: inline").size() == 1);
}

TEST_CASE("message: a file name goes out by RFC 2231 in UTF-8, and as encoded-words") {
  const Desk desk;
  auto letter = short_letter();
  letter.attachments.push_back(desk.source("Отчёт.bin", "x"));
  letter.attachments.push_back(desk.source("a \"b\".bin", "x"));
  const std::string message = written(std::move(letter));
  CHECK(lines_with(message, "\tfilename*=UTF-8''%D0%9E%D1%82%D1%87%D1%91%D1%82.bin").size() == 1);
  CHECK(message.find("name=\"=?UTF-8?b?0J7RgtGH0ZHRgi5iaW4=?=\"") != std::string::npos);
  CHECK(message.find("filename=\"a \\\"b\\\".bin\"") != std::string::npos);
  check_wire(message);
}

TEST_CASE("message: the longest file names break no line over 998 octets") {
  const Desk desk;
  for (const std::string& character : {std::string("x"), std::string("é"), std::string("😀"), std::string("\"")}) {
    std::string name;
    while (name.size() + character.size() <= 255) name += character;
    auto letter = short_letter();
    letter.attachments.push_back(desk.source(name, "x"));
    check_wire(written(std::move(letter)));
  }
}

TEST_CASE("message: octets of attachments are in base64, whatever they are") {
  const Desk desk;
  for (const std::string& octets : {std::string("plain\n"), std::string("a\r\nb\nc\rd"), std::string("\0\xFF", 2), std::string()}) {
    auto letter = short_letter();
    letter.attachments.push_back(desk.source("x", octets));
    const std::string message = written(std::move(letter));
    CHECK(proto::decoded_base64(joined(content_behind(message, "Content-Disposition"))) == octets);
    check_wire(message);
  }
}

TEST_CASE("message: an attached message or multipart is sent as octets, because base64 is forbidden for its type") {
  const Desk desk;
  auto letter = short_letter();
  letter.attachments.push_back(desk.source("x.eml", "Received: by x\nFrom: a@b\nSubject: x\n\nx\n"));
  const std::string message = written(std::move(letter));
  CHECK(message.find("message/rfc822") == std::string::npos);
  CHECK(message.find("Content-Type: application/octet-stream; name=x.eml") != std::string::npos);
}

TEST_CASE("message: an attached text has its character set if it is UTF-8, and none otherwise") {
  const Desk desk;
  const auto type_of = [&desk](std::string_view text) {
    auto letter = short_letter();
    letter.attachments.push_back(desk.source("x.txt", text));
    return lines_with(written(std::move(letter)), "Content-Type: text/plain").at(0);
  };
  CHECK(type_of("plain\n").find("charset=us-ascii") != std::string::npos);
  CHECK(type_of("Grüße\n").find("charset=utf-8") != std::string::npos);
  CHECK(type_of("Gr\xFC\xDF\x65 aus K\xF6ln, viele Worte mehr, die lesbar sind\n").find("charset") == std::string::npos);
}

TEST_CASE("message: an attached text with CRs is sent as octets, because readers may change the line ends of a text") {
  const Desk desk;
  for (const char* const text : {"a\r\nb\r\n", "a\rb"}) {
    auto letter = short_letter();
    letter.attachments.push_back(desk.source("x.txt", text));
    CHECK(written(std::move(letter)).find("Content-Type: application/octet-stream; name=x.txt") != std::string::npos);
  }
}

TEST_CASE("message: text in base64 has CRLF line ends inside") {
  const Desk desk;
  for (const char* const text : {"Привет\nмир\n", "Привет\r\nмир\r\n"}) {
    auto letter = short_letter();
    letter.text = desk.source("text", text);
    const std::string message = written(std::move(letter));
    CHECK(field(message, "Content-Transfer-Encoding") == "base64");
    CHECK(proto::decoded_base64(joined(std::string(proto::split_message(message).body))) == "Привет\r\nмир\r\n");
  }
}

TEST_CASE("message: a lone CR in a text, and a line of 100 kB, are encoded") {
  const Desk desk;
  auto letter = short_letter();
  letter.text = desk.source("text", "a\rb\r\n.\r\n" + std::string(100'000, 'x') + "\n");
  const std::string message = written(std::move(letter));
  CHECK(field(message, "Content-Transfer-Encoding") == "quoted-printable");
  CHECK(message.find("a=0Db\r\n") != std::string::npos);
  CHECK(proto::inspect(proto::split_message(message).body).longest_line <= 76);
  check_wire(message);
}

TEST_CASE("message: a text with NUL octets, and one that is no UTF-8, are refused with what to do") {
  const Desk desk;
  for (const std::string& octets : {std::string("a\0b", 3), std::string("M\xFCller")}) {
    auto letter = short_letter();
    letter.text = desk.source("text", octets);
    const auto message = Message::make(std::move(letter));
    REQUIRE_FALSE(message);
    CHECK(message.error().message.find("attach it") != std::string::npos);
  }
}

TEST_CASE("message: headers of any length and script are 7-bit lines that are short enough") {
  const Desk desk;
  std::string long_name, long_subject;
  for (int i = 0; i < 100; ++i) long_name += "имя ", long_subject += "Тема 😀 ";
  auto letter = short_letter();
  letter.from = {{long_name, "me@here.example"}};
  letter.to.clear();
  for (int i = 0; i < 300; ++i) letter.to.push_back({"Jörg, \"J\"", "\"a b" + std::to_string(i) + "\"@there.example"});
  letter.subject = long_subject + std::string(3000, 'x');
  letter.fields = {
      {"X-Long", std::string(3000, 'y')}, {"X-Blanks", "a" + std::string(500, ' ') + "b"}, {"Sender", "Jörg <j@here.example>"}};
  letter.text = desk.source("text", "x\n");
  const std::string message = written(std::move(letter));
  check_wire(message);
  const std::string header(proto::split_message(message).header);
  CHECK(field(message, "Sender").ends_with("?= <j@here.example>"));
  CHECK(header.find("<\"a b299\"@there.example>") != std::string::npos);
  CHECK(proto::inspect(header).longest_line <= 998);
}

TEST_CASE("message: an answer names the message that it answers") {
  const Desk desk;
  auto letter = short_letter();
  letter.text = desk.source("text", "x\n");
  letter.in_reply_to = "<a@b.example>";
  const std::string message = written(std::move(letter));
  CHECK(field(message, "In-Reply-To") == "<a@b.example>");
  CHECK(field(message, "References") == "<a@b.example>");
}

TEST_CASE("message: a file that shrinks, grows or changes while it is written makes the message fail") {
  for (const std::size_t after : {1000u, 300'000u, 200'000u}) {
    const Desk desk;
    auto letter = short_letter();
    letter.attachments.push_back(desk.source("a.bin", std::string(200'000, 'a')));
    auto message = Message::make(std::move(letter));
    REQUIRE(message);
    bool is_changed = false;
    const Status status = message->write([&](std::string_view) {
      if (!is_changed) desk.file("a.bin", std::string(after, 'b'));
      return is_changed = true;
    });
    REQUIRE_FALSE(status);
    CHECK(status.error().message.find("a.bin changed while it was read") != std::string::npos);
  }
}

TEST_CASE("message: a file that cannot be read to its end makes the message fail") {
  const Desk desk;
  auto letter = short_letter();
  letter.attachments.push_back(desk.source("a.bin", std::string(200'000, 'a')));
  const int descriptor = letter.attachments.front().descriptor();
  auto message = Message::make(std::move(letter));
  REQUIRE(message);
  const int unreadable = ::open(desk.path("a.bin").c_str(), O_WRONLY);
  REQUIRE(::dup2(unreadable, descriptor) == descriptor);
  ::close(unreadable);
  const Status status = message->write([](std::string_view) { return true; });
  REQUIRE_FALSE(status);
  CHECK(status.error().message == "the message could not be written: nothing was sent");
}

TEST_CASE("message: ten thousand recipients take no time that grows with their square") {
  const Desk desk;
  auto letter = short_letter();
  for (int i = 0; i < 10'000; ++i) letter.to.push_back({"Jörg", "u" + std::to_string(i) + "@there.example"});
  letter.text = desk.source("text", "x\n");
  const std::clock_t start = std::clock();
  CHECK(written(std::move(letter)).size() > 400'000);
  CHECK((std::clock() - start) / CLOCKS_PER_SEC < 8);
}

TEST_CASE("message: a sink that takes no more ends the writing") {
  const Desk desk;
  auto letter = short_letter();
  letter.attachments.push_back(desk.source("a.bin", std::string(2'000'000, 'a')));
  auto message = Message::make(std::move(letter));
  REQUIRE(message);
  std::size_t pieces = 0;
  CHECK_FALSE(message->write([&](std::string_view) { return ++pieces < 3; }));
  CHECK(pieces == 3);
}

TEST_CASE("message: the least size is nearly the size") {
  const Desk desk;
  auto letter = short_letter();
  letter.text = desk.source("text", std::string(1000, 'x'));
  for (const std::size_t size : {0u, 1u, 56u, 57u, 58u, 100'000u})
    letter.attachments.push_back(desk.source("a" + std::to_string(size), std::string(size, 'a')));
  const auto least = least_size(letter);
  const auto size = written(std::move(letter)).size();
  CHECK(least <= size);
  CHECK(size - least < 3000);
}
