// Tests of changing transfer encodings.
#include "proto/mime.h"

#include <catch2/catch.hpp>

#include "proto/header.h"
#include "proto/mail_data.h"
#include "proto/mime_entity.h"

using namespace mxpress::proto;

namespace {

const std::string kLong(1500, 'x');

}  // namespace

TEST_CASE("mime: a message that fits keeps every byte") {
  for (const std::string& message :
       {std::string("A: b\r\n\r\nbody\r\n"), std::string(), std::string("no header\r\n"), std::string(998, 'x') + "\r\n"}) {
    CHECK(*reencode_for_transport(message) == message);
    CHECK(*downgrade_to_seven_bit(message) == message);
  }
}

TEST_CASE("mime: a plain body with a long line becomes quoted-printable, with the fields that say so") {
  const auto result = reencode_for_transport("Subject: s\r\n\r\nfirst=\r\n" + kLong + "\r\n");
  REQUIRE(result.ok());
  CHECK_FALSE(inspect(*result).needs_reencoding());
  CHECK(
      result->starts_with("Subject: s\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n"
                          "Content-Type: text/plain; charset=us-ascii\r\n\r\nfirst=3D\r\nxxx"));
}

TEST_CASE("mime: fields that are there are kept, and the old encoding is replaced") {
  const auto result = reencode_for_transport(
      "Content-Type: text/html\r\nMIME-Version: 1.0\r\ncontent-transfer-encoding: 8bit\r\nX: y\r\n\r\n" + kLong + "\r\n");
  REQUIRE(result.ok());
  CHECK(result->starts_with(
      "Content-Type: text/html\r\nMIME-Version: 1.0\r\nX: y\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nxxx"));
}

TEST_CASE("mime: a binary part becomes base64, base64 in one line is only broken into lines") {
  const auto binary = reencode_for_transport("Content-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n\r\n" + kLong);
  REQUIRE(binary.ok());
  CHECK(binary->find("Content-Transfer-Encoding: base64\r\n\r\neHh4eHh4") != std::string::npos);
  const std::string header = "Content-Type: a/b\r\nContent-Transfer-Encoding: BASE64\r\n\r\n";
  const auto wrapped = reencode_for_transport(header + std::string(152, 'A') + std::string(1000, 'B') + "\r\n");
  REQUIRE(wrapped.ok());
  CHECK(wrapped->starts_with(header + std::string(76, 'A') + "\r\n" + std::string(76, 'A') + "\r\nBBB"));
  CHECK(inspect(*wrapped).longest_line == 76);
}

TEST_CASE("mime: only the part of a multipart with a long line changes") {
  const std::string before =
      "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; x=\"a;b\"; Boundary=\"b 1\"\r\n\r\npreamble\r\n--b 1\r\n\r\nshort\r\n--b 1  "
      "\r\nContent-Type: text/plain\r\n\r\n";
  const std::string after = "\r\n--b 1--\r\nepilogue\r\n";
  const auto result = reencode_for_transport(before + kLong + after);
  REQUIRE(result.ok());
  CHECK(result->starts_with(before.substr(0, before.size() - 2) + "Content-Transfer-Encoding: quoted-printable\r\n\r\nxxx"));
  CHECK(result->ends_with("x" + after));
  CHECK_FALSE(inspect(*result).needs_reencoding());
}

TEST_CASE("mime: encoding never makes a boundary line of its own") {
  const std::string message =
      "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + std::string(75, 'x') + std::string(2000, '-') + "b\r\n--b--\r\n";
  const auto result = reencode_for_transport(message);
  REQUIRE(result.ok());
  std::size_t count = 0;
  for (auto at = result->find("\r\n--"); at != std::string::npos; at = result->find("\r\n--", at + 1)) ++count;
  CHECK(count == 2);
}

TEST_CASE("mime: long header lines are folded at white space, and mean the same afterwards") {
  std::string value;
  while (value.size() < 3000) value += " <reference" + std::to_string(value.size()) + "@example.org>";
  const auto result = reencode_for_transport("References:" + value + "\r\nSubject: s\r\n\r\nbody\r\n");
  REQUIRE(result.ok());
  CHECK_FALSE(inspect(*result).needs_reencoding());
  CHECK(unfolded(find_field(*result, "References")->value) == value.substr(1));
  CHECK(result->ends_with("\r\nSubject: s\r\n\r\nbody\r\n"));
}

TEST_CASE("mime: what cannot be changed without breaking it is a permanent error") {
  const std::string messages[] = {
      "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n" + kLong + "\r\n--b--\r\n",
      "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\n" + kLong + "\r\n--b--\r\n",
      "Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\n\r\n" + kLong + "\r\n--b--\r\n",
      "Content-Type: message/partial\r\n\r\n" + kLong,
  };
  for (const std::string& message : messages) {
    CAPTURE(message.substr(0, 60));
    const auto result = reencode_for_transport(message);
    REQUIRE_FALSE(result.ok());
    CHECK_FALSE(result.error().is_transient());
  }
}

TEST_CASE("mime: parts are converted 100 deep; what is deeper travels as it is, or not at all") {
  const auto nested = [](std::size_t depth, const std::string& innermost) {
    std::string message = innermost;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::string boundary = "b" + std::to_string(i);
      message = "Content-Type: multipart/mixed; boundary=" + boundary + "\r\n\r\n--" + boundary + "\r\n" + message + "\r\n--" + boundary +
                "--\r\n";
    }
    return message;
  };
  const auto deep = reencode_for_transport(nested(kMaxNesting, "\r\n" + kLong));
  REQUIRE(deep.ok());
  CHECK_FALSE(inspect(*deep).needs_reencoding());
  CHECK_FALSE(reencode_for_transport(nested(kMaxNesting + 1, "\r\n" + kLong)).ok());
  const std::string fits = nested(3 * kMaxNesting, "\r\nshort\r\n");
  CHECK(*reencode_for_transport(fits) == fits);
}

TEST_CASE("mime: the delimiter of an outer multipart ends all that is inside, also where an inner one has the same boundary") {
  const std::string before =
      "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\ninner\r\n--a\r\n\r\n";
  const auto same = reencode_for_transport(before + kLong + "\r\n--a--\r\n");
  REQUIRE(same.ok());
  CHECK(same->starts_with(before.substr(0, before.size() - 2) + "Content-Transfer-Encoding: quoted-printable\r\n"));
  const auto unclosed = reencode_for_transport(
      "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + kLong +
      "\r\n--a--\r\n--b--\r\n");
  REQUIRE(unclosed.ok());
  CHECK(unclosed->ends_with("x\r\n--a--\r\n--b--\r\n"));
}

TEST_CASE("mime: a message that comes in pieces of any size is converted in the same way") {
  const std::string message =
      "Subject: s\r\nContent-Type: multipart/mixed; boundary=\"-b-\"\r\n\r\npreamble\r\n---b-\r\n\r\nFrom here\r\n---b\r\n-" + kLong +
      "\r\n---b- \r\nContent-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n\r\n" + kLong +
      "\r\n---b-\r\nContent-Type: message/rfc822\r\n" + "\r\nX: " + std::string(700, 'y') + " " + std::string(700, 'z') + "\r\n\r\n" +
      kLong + "\r\n---b---\r\nepilogue";
  const auto whole = reencode_for_transport(message);
  REQUIRE(whole.ok());
  for (std::size_t piece = 1; piece < 130; ++piece) {
    const auto each = [&](auto feed) {
      for (std::size_t at = 0; at < message.size(); at += piece) feed(std::string_view(message).substr(at, piece));
    };
    MimeSurvey survey(MimeGoal::short_lines);
    each([&](std::string_view text) { survey.feed(text); });
    const auto plan = survey.finish();
    REQUIRE(plan.ok());
    MimeRewriter rewriter(*plan, MimeGoal::short_lines);
    std::string out;
    each([&](std::string_view text) { rewriter.feed(text, out); });
    rewriter.finish(out);
    CAPTURE(piece);
    CHECK(out == *whole);
  }
}

TEST_CASE("mime: a conversion holds little of a message, however long its lines and however many its parts are") {
  const std::string pieces[] = {kLong, "x\r\n", "--b\r\n\r\n", "--b\r\nContent-Type: message/rfc822\r\n\r\n", "--b", "\xFF\r\n"};
  for (const std::string& piece : pieces) {
    MimeSurvey survey(MimeGoal::seven_bit);
    survey.feed("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n\xFF\r\n");
    std::string block;
    while (block.size() < 64 * 1024) block += piece;
    for (std::size_t octets = 0; octets < 4u << 20; octets += block.size()) survey.feed(block);
    CAPTURE(piece.substr(0, 20));
    CHECK(survey.held() < 64 * 1024);
  }
}

TEST_CASE("mime: a plan has a bound, and so has a header") {
  MimeSurvey survey(MimeGoal::seven_bit);
  survey.feed("Content-Type: multipart/mixed; boundary=b\r\n\r\n");
  for (std::size_t part = 0; part < kMaxChangedParts + 1; ++part) survey.feed("--b\r\n\r\n\xFF\r\n");
  CHECK(survey.held() < 2u << 20);
  CHECK(survey.failed());
  CHECK_FALSE(survey.finish().ok());
  std::string header = "A: b\r\n";
  while (header.size() <= kMaxEntityHeader) header += "A: " + std::string(900, 'b') + "\r\n";
  CHECK(*reencode_for_transport(header + "\r\nshort\r\n") == header + "\r\nshort\r\n");
  CHECK_THAT(reencode_for_transport(header + "\r\n" + kLong).error().message, Catch::Contains("a header is too large"));
}

TEST_CASE("mime: a delimiter line that is too long itself is an error") {
  CHECK_FALSE(
      reencode_for_transport("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b" + std::string(2000, ' ') + "\r\n\r\nx\r\n--b--\r\n")
          .ok());
}

TEST_CASE("mime: endless nesting ends in an error") {
  std::string message;
  for (int i = 0; i < 1000; ++i) message += "Content-Type: message/rfc822\r\n\r\n";
  CHECK_FALSE(reencode_for_transport(message + "X: y\r\n\r\n" + kLong).ok());
}

TEST_CASE("mime: 8-bit bodies become 7-bit, with a character set where none was given") {
  const auto utf8 = downgrade_to_seven_bit("Subject: s\r\n\r\n\xC3\xBC\r\n");
  REQUIRE(utf8.ok());
  CHECK(*utf8 ==
        "Subject: s\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; "
        "charset=utf-8\r\n\r\n=C3=BC\r\n");
  CHECK(downgrade_to_seven_bit("A: b\r\n\r\n\xFF\r\n")->find("charset=unknown-8bit") != std::string::npos);
  CHECK(downgrade_to_seven_bit("no header \xFF\r\n")->ends_with("\r\n\r\nno header =FF\r\n"));
}

TEST_CASE("mime: a downgraded multipart no longer says 8bit") {
  const auto result = downgrade_to_seven_bit(
      "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: "
      "message/rfc822\r\n\r\nA: "
      "b\r\n\r\n\xC3\xBC\r\n--b--\r\n");
  REQUIRE(result.ok());
  CHECK_FALSE(inspect(*result).eight_bit);
  CHECK(result->find("8bit") == std::string::npos);
  CHECK(result->find("\r\n\r\n=C3=BC\r\n--b--\r\n") != std::string::npos);
}

TEST_CASE("mime: 8-bit in a signed part and in a boundary cannot be downgraded") {
  CHECK_FALSE(downgrade_to_seven_bit("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xC3\xBC\r\n--b--\r\n").ok());
  CHECK_FALSE(downgrade_to_seven_bit("Content-Type: multipart/mixed; boundary=\xFF\r\n\r\n--\xFF\r\n\r\nx\r\n--\xFF--\r\n").ok());
}

TEST_CASE("mime: 8-bit in a header is encoded, in every header but those inside a signature") {
  const std::string word = "=?utf-8?B?w7w=?=";
  const auto plain = downgrade_to_seven_bit("Subject: \xC3\xBC\r\nTo: \xC3\xBC <a@b.example>\r\n\r\nbody\r\n");
  REQUIRE(plain.ok());
  CHECK(*plain == "Subject: " + word + "\r\nTo: " + word + " <a@b.example>\r\n\r\nbody\r\n");
  const std::string part = "--b\r\nContent-Disposition: inline; filename=\"\xC3\xBC\"\r\n\r\nshort\r\n";
  const auto parts = downgrade_to_seven_bit("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part +
                                            "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: \xC3\xBC\r\n\r\n\xC3\xBC\r\n--b--\r\n");
  REQUIRE(parts.ok());
  CHECK(parts->find("--b\r\nContent-Disposition: inline; filename*=utf-8''%C3%BC\r\n\r\nshort\r\n") != std::string::npos);
  CHECK(parts->find("\r\n\r\nSubject: " + word + "\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n") !=
        std::string::npos);
  const std::string inside = "Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n";
  const auto signature = downgrade_to_seven_bit("Subject: \xC3\xBC\r\n" + inside);
  REQUIRE(signature.ok());
  CHECK(*signature == "Subject: " + word + "\r\n" + inside);
}

TEST_CASE("mime: a transfer encoding that is unknown counts as 8bit") {
  for (const std::string encoding :
       {"x-uuencode", "utf-8", "8-bit", "8bits", "none", "quotedprintable", "\"7bit\"", "7bit (comment)", "=?"}) {
    CAPTURE(encoding);
    const std::string header = "Content-Type: text/plain; charset=utf-8\r\nMIME-Version: 1.0\r\n";
    const std::string wanted = header + "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
    const auto eight_bit = downgrade_to_seven_bit(header + "Content-Transfer-Encoding: " + encoding + "\r\n\r\na=b \xC3\xBC\r\n");
    REQUIRE(eight_bit.ok());
    CHECK(*eight_bit == wanted + "a=3Db =C3=BC\r\n");
    const auto long_line = reencode_for_transport(header + "Content-Transfer-Encoding: " + encoding + "\r\n\r\n=20" + kLong + "\r\n");
    REQUIRE(long_line.ok());
    CHECK(long_line->starts_with(wanted + "=3D20xxx"));
  }
  const auto base64 = reencode_for_transport("Content-Transfer-Encoding: base64 (really)\r\n\r\n" + std::string(1200, 'A') + "\r\n");
  CHECK(base64->find("\r\n\r\n" + std::string(76, 'A') + "\r\n") != std::string::npos);
}

TEST_CASE("mime: false quoted-printable and false base64 count as 8bit, true ones are written in shorter lines") {
  const std::string quoted = "Content-Transfer-Encoding: quoted-printable\r\n\r\n";
  const std::string prefix =
      "MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
  CHECK(*downgrade_to_seven_bit(quoted + "\xC3\xBC, no escape\r\n") == prefix + "=C3=BC, no escape\r\n");
  CHECK(*downgrade_to_seven_bit(quoted + "\xC3\xBC, x=y and =C3\r\n") == prefix + "=C3=BC, x=3Dy and =3DC3\r\n");
  CHECK(*downgrade_to_seven_bit(quoted + "=C3=BC,=\r\n \xC3\xBC\r\n") == quoted + "=C3=BC, =C3=BC\r\n");
  const auto shorter = reencode_for_transport(quoted + "=C3=BC" + kLong + "=\r\n \xC3\xBC=3D\r\n.\r\n");
  REQUIRE(shorter.ok());
  CHECK(shorter->starts_with(quoted + "=C3=BCxxx"));
  CHECK(shorter->ends_with("x =C3=BC=3D\r\n=2E\r\n"));
  CHECK(inspect(*shorter).longest_line == 76);
  const std::string base64 = "Content-Transfer-Encoding: base64\r\n\r\n";
  CHECK(*downgrade_to_seven_bit(base64 + "\xC3\xBC\r\n") == prefix + "=C3=BC\r\n");
  CHECK(reencode_for_transport(base64 + "Hello, world" + kLong)->find("\r\n\r\nHello, worldxxx") != std::string::npos);
  CHECK(reencode_for_transport(base64 + std::string(1200, 'A') + "\r\n-- \r\na list\r\n")
            ->starts_with(base64 + std::string(76, 'A') + "\r\n"));
}

TEST_CASE("mime: text around the parts of a multipart stops no message, and makes no part") {
  const std::string header = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
  const std::string part = "--b\r\n\r\nx\r\n--b--\r\n";
  CHECK(*downgrade_to_seven_bit(header +
                                "pr\xC3\xA9"
                                "ambule\r\n" +
                                part + "\xFF\r\n") == header + "pr??ambule\r\n" + part + "?\r\n");
  const std::string line = std::string(998, 'x') + "--b\r\n";
  CHECK(*reencode_for_transport(header + line + part + line) ==
        header + std::string(998, 'x') + "\r\n --b\r\n" + part + std::string(998, 'x') + "\r\n --b\r\n");
  const std::string longest = header + std::string(998, 'x') + "\r\n" + part;
  CHECK(*reencode_for_transport(longest + line) == longest + std::string(998, 'x') + "\r\n --b\r\n");
}

TEST_CASE("mime: a header line that cannot be folded is told") {
  const auto breaks = [](const std::string& message) {
    MimeSurvey survey(MimeGoal::short_lines);
    survey.feed(message);
    CHECK(survey.finish().ok());
    return survey.breaks_header();
  };
  CHECK(breaks("X: " + kLong + "\r\n\r\nbody\r\n"));
  CHECK(breaks("Content-Type: message/rfc822\r\n\r\nX: " + kLong + "\r\n\r\nbody\r\n"));
  CHECK_FALSE(breaks("X: y " + std::string(900, 'x') + " " + std::string(900, 'x') + "\r\n\r\n" + kLong));
  CHECK_FALSE(breaks("Subject: =?utf-8?B?" + std::string(1200, 'A') + "?=\r\n\r\nbody\r\n"));
  CHECK(*reencode_for_transport("X: " + kLong + "\r\n\r\nbody\r\n") ==
        "X: " + std::string(995, 'x') + "\r\n " + std::string(505, 'x') + "\r\n\r\nbody\r\n");
}

TEST_CASE("mime: a header ends at the first line that is no field, in every entity") {
  const std::string text = std::string(1000, 'x') + "\r\n";
  const auto plain = reencode_for_transport("Subject: s\r\nplain text\r\nTo: x\r\n" + text);
  REQUIRE(plain.ok());
  CHECK(plain->starts_with("Subject: s\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
  CHECK(plain->find("\r\n\r\nplain text\r\nTo: x\r\nxxx") != std::string::npos);
  const auto part = reencode_for_transport("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n<p>\r\n" +
                                           text + "--b--\r\n");
  REQUIRE(part.ok());
  CHECK(part->find("--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>\r\nxxx") != std::string::npos);
  const auto at_once = reencode_for_transport("Content-Type: multipart/mixed; boundary=b\r\n--b\r\n\r\n" + text + "--b--\r\n");
  REQUIRE(at_once.ok());
  CHECK(at_once->starts_with("Content-Type: multipart/mixed; boundary=b\r\n--b\r\nContent-Transfer-Encoding: quoted-printable\r\n"));
}
