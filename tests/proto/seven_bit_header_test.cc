// Tests of headers in ASCII.
#include "proto/seven_bit_header.h"

#include <catch2/catch.hpp>

#include "proto/address_list.h"
#include "proto/encoding.h"
#include "proto/header.h"
#include "proto/mail_data.h"

using namespace mxpress::proto;

namespace {

struct Case {
  std::string before;
  std::string after;
};

void check_all(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    CAPTURE(one.before);
    CHECK(seven_bit_header(one.before + "\r\n") == one.after + "\r\n");
  }
}

std::string word(std::string_view text, std::string_view charset = "utf-8") { return encoded_words(text, charset); }

}  // namespace

TEST_CASE("seven-bit header: words outside ASCII become encoded-words, the others stay") {
  check_all({
      {"Subject: Gr\xC3\xBC\xC3\x9F"
       "e",
       "Subject: " + word("Gr\xC3\xBC\xC3\x9F"
                          "e")},
      {"Subject:\xC3\xBC", "Subject:" + word("\xC3\xBC")},
      {"Subject: a \xC3\xA4 \xC3\xB6 b \xC3\xBC", "Subject: a " + word("\xC3\xA4 \xC3\xB6") + " b " + word("\xC3\xBC")},
      {"X-Job: caf\xC3\xA9\r\n cr\xC3\xA8me and more", "X-Job: " + word("caf\xC3\xA9 cr\xC3\xA8me") + " and more"},
      {"Subject: =?utf-8?Q?x?= \xC3\xBC =?utf-8?Q?y?=", "Subject: =?utf-8?Q?x?= " + word(" \xC3\xBC ") + " =?utf-8?Q?y?="},
      {"Subject: M\xFCller", "Subject: " + word("M\xFCller", "unknown-8bit")},
      {"Subject: the tail of a character \xE2\x82", "Subject: the tail of a character " + word("\xE2\x82", "unknown-8bit")},
      {"Message-ID: <\xC3\xBC@x.example>", "Message-ID: " + word("<\xC3\xBC@x.example>")},
  });
}

TEST_CASE("seven-bit header: names in address fields are encoded, addresses stay what they were") {
  const std::string name = "J\xC3\xB6rg M\xC3\xBCller";
  check_all({
      {"From: " + name + " <j@b.example>", "From: " + word(name) + " <j@b.example>"},
      {"From: \"" + name + "\" <j@b.example>", "From: " + word(name) + " <j@b.example>"},
      {"To: \"M\xC3\xBCller, J\xC3\xB6rg\" <j@b.example>, x@y.example",
       "To: " + word("M\xC3\xBCller, J\xC3\xB6rg") + " <j@b.example>, x@y.example"},
      {"Cc: a@b.example (" + name + "), \"Doe, J\" <d@e.example>", "Cc: a@b.example (" + word(name) + "), \"Doe, J\" <d@e.example>"},
      {"To: Dr. \"\xC3\x84rger\" Zwei <a@b.example>", "To: " + word("Dr. \xC3\x84rger Zwei") + " <a@b.example>"},
      {"To: M\xC3\xA4nner: a@b.example, c@d.example;", "To: " + word("M\xC3\xA4nner") + ": a@b.example, c@d.example;"},
      {"Resent-From: \xC3\xBC<a@b.example>", "Resent-From: " + word("\xC3\xBC") + " <a@b.example>"},
      {"To: x@b\xC3\xBC"
       "cher.example, <y@b\xC3\xBC"
       "cher.example>",
       "To: x@xn--bcher-kva.example,  <y@xn--bcher-kva.example>"},
      {"Reply-To: M\xFCller <a@b.example>", "Reply-To: " + word("M\xFCller", "unknown-8bit") + " <a@b.example>"},
  });
}

TEST_CASE("seven-bit header: no address is made or lost by a name, whatever stands in it") {
  const std::string lists[] = {"\xC3\xBC, victim@x.example <a@b.example>, c@d.example", "\"\xC3\xBC\" <a@b.example>",
                               "\xC3\xBC\\, x <a@b.example>, (\xC3\xBC, z@z.example) c@d.example",
                               "\"\xC3\xBC@x.example, y@y.example\" <a@b.example>",
                               "g\xC3\xBC: a@b.example, \"\xC3\xBC:;\" <c@d.example>;"};
  for (const std::string& list : lists) {
    CAPTURE(list);
    auto before = *parse_address_list(list);
    std::erase_if(before, [](const std::string& one) { return !is_utf8(one) || inspect(one).eight_bit; });
    const std::string header = seven_bit_header("To: " + list + "\r\n");
    CHECK_FALSE(inspect(header).eight_bit);
    CHECK(*parse_address_list(find_field(header, "To")->value) == before);
  }
}

TEST_CASE("seven-bit header: an address that only SMTPUTF8 could carry is shown as the name of an empty group") {
  check_all({
      {"From: j\xC3\xB6@b.example", "From: " + word("j\xC3\xB6@b.example") + ":;"},
      {"From: X <j\xC3\xB6@b.example>, c@d.example", "From: " + word("X <j\xC3\xB6@b.example>") + ":;, c@d.example"},
      {"To: g: j\xC3\xB6@b.example, c@d.example;", "To: g: (" + word("j\xC3\xB6@b.example") + "), c@d.example;"},
  });
  CHECK(parse_address_list("=?utf-8?B?eA==?=:;, c@d.example")->size() == 1);
}

TEST_CASE("seven-bit header: parameters are encoded by RFC 2231") {
  check_all({
      {"Content-Disposition: attachment; filename=\"\xC3\x9C"
       "bersicht 1.pdf\"",
       "Content-Disposition: attachment; filename*=utf-8''%C3%9Cbersicht%201.pdf"},
      {"Content-Type: text/plain; charset=utf-8; name=\xC3\xBC.txt", "Content-Type: text/plain; charset=utf-8; name*=utf-8''%C3%BC.txt"},
      {"Content-Type: a/b;\r\n\tname=\"a;\xC3\xBC\\\"\"; x=y", "Content-Type: a/b; name*=utf-8''a%3B%C3%BC%22; x=y"},
      {"Content-Disposition: inline; filename=\"\xC3\xBC\"; filename*=utf-8''%C3%BC",
       "Content-Disposition: inline; filename*=utf-8''%C3%BC"},
      {"Content-Disposition: inline; filename=\"M\xFCller\"", "Content-Disposition: inline; filename*=unknown-8bit''M%FCller"},
      {"Content-Type: a/b; \xC3\xBC", "Content-Type: a/b; " + word("\xC3\xBC")},
  });
  std::string name;
  while (name.size() < 900) name += "\xC3\xBCx";
  const std::string header = seven_bit_header("Content-Disposition: attachment; filename=\"" + name + "\"\r\n");
  CHECK(inspect(header).longest_line < 120);
  CHECK(header.starts_with("Content-Disposition: attachment; filename*0*=utf-8''%C3%BCx"));
  CHECK(header.find(";\r\n filename*12*=") != std::string::npos);
  for (std::size_t at = header.find('%'); at != std::string::npos; at = header.find('%', at + 1))
    CHECK((header.substr(at, 3) == "%C3" || header.substr(at, 3) == "%BC"));
}

TEST_CASE("seven-bit header: fields in ASCII keep every byte, and no line is over 998 octets") {
  const std::string plain = "Received: from x\r\n\tby y\r\nTo: \"a b\"  <c@d.example>\r\n";
  CHECK(seven_bit_header(plain) == plain);
  std::string text;
  while (text.size() < 5000) text += "\xC3\xBC";
  for (const std::string& name : {"Subject: ", "From: ", "Content-Type: a/b; name=", "X: "}) {
    const std::string header = seven_bit_header(name + text + std::string(990, 'x') + "\r\n" + plain);
    CHECK(inspect(header).longest_line <= kMaxLineLength);
    CHECK_FALSE(inspect(header).eight_bit);
    CHECK(header.ends_with(plain));
    CHECK(header.find("\r\n\r\n") == std::string::npos);
  }
}
