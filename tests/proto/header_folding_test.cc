// Tests of folding header lines.
#include "proto/header_folding.h"

#include <catch2/catch.hpp>

#include "proto/encoding.h"
#include "proto/header.h"
#include "proto/mail_data.h"

using namespace mxpress::proto;

namespace {

std::string text_of_words(std::string_view value) {
  std::string text;
  for (const std::string& line : {unfolded(value)}) {
    for (std::size_t at = line.find("?B?"); at != std::string::npos; at = line.find("?B?", at)) {
      const auto end = line.find("?=", at + 3);
      text += *decoded_base64(line.substr(at + 3, end - at - 3));
      at = end;
    }
  }
  return text;
}

}  // namespace

TEST_CASE("header folding: a line without white space is broken after 998 octets, and told") {
  const std::string names[] = {"X-Token: ", "References: <", "Subject:", "To: \"", std::string(990, 'n') + ": "};
  for (const std::string& name : names) {
    const std::string value(5000, 'x');
    const FoldedHeader folded = folded_header(name + value + "\r\nAfter: y\r\n");
    CAPTURE(name.substr(0, 20));
    CHECK(folded.is_broken);
    CHECK(inspect(folded.text).longest_line <= kMaxLineLength);
    HeaderReader reader(folded.text);
    const auto field = reader.next();
    std::string octets = unfolded(field->value);
    std::erase(octets, ' ');
    CHECK(octets.ends_with(value));
    CHECK(reader.next()->text == "After: y\r\n");
    CHECK(folded_header(folded.text).text == folded.text);
  }
}

TEST_CASE("header folding: a character of UTF-8 is not broken") {
  std::string value;
  while (value.size() < 4000) value += "\xE2\x82\xAC";
  for (const std::string& name : {"A: ", "AB: ", "ABC: "}) {
    const std::string folded = folded_header(name + value + "\r\n").text;
    for (std::size_t at = folded.find("\r\n"); at + 3 < folded.size(); at = folded.find("\r\n", at + 1)) {
      CHECK(folded.substr(at + 3, 3) == "\xE2\x82\xAC");
    }
  }
}

TEST_CASE("header folding: an encoded-word that is too long becomes several, with the same text") {
  std::string text;
  while (text.size() < 3000)
    text +=
        "Gr\xC3\xBC\xC3\x9F"
        "e \xF0\x9F\x98\x80";
  std::string q;
  for (const char c : text) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const auto octet = static_cast<unsigned char>(c);
    q += c == ' ' ? std::string("_") : octet > 127 ? std::string("=") + kHex[octet >> 4] + kHex[octet & 15] : std::string(1, c);
  }
  const std::string words[] = {"=?UTF-8?B?" + base64(text) + "?=", "=?utf-8?q?" + q + "?=", "=?utf-8*de?b?" + base64(text) + "?="};
  for (const std::string& word : words) {
    for (const std::string& before : {"Subject: ", "Subject:", "Subject: Re:\t", "From: x\r\n "}) {
      const FoldedHeader folded = folded_header(before + word + " <a@b.example>\r\n");
      CAPTURE(word.substr(0, 20), before);
      CHECK_FALSE(folded.is_broken);
      CHECK(inspect(folded.text).longest_line < 100);
      CHECK(text_of_words(folded.text) == text);
      CHECK(folded.text.ends_with("?=\r\n <a@b.example>\r\n"));
      CHECK(folded.text.find("\r\n\r\n") == std::string::npos);
      for (std::size_t at = folded.text.find("?B?"); at != std::string::npos; at = folded.text.find("?B?", at + 1)) {
        CHECK(is_utf8(*decoded_base64(folded.text.substr(at + 3, folded.text.find("?=", at + 3) - at - 3))));
      }
    }
  }
}

TEST_CASE("header folding: encoded-words that stand side by side are parted, and what is none is broken") {
  std::string words;
  while (words.size() < 3000) words += "=?iso-8859-1?Q?M=FCller?=";
  const FoldedHeader parted = folded_header("Subject: " + words + "\r\n");
  CHECK_FALSE(parted.is_broken);
  CHECK(inspect(parted.text).longest_line <= kMaxLineLength);
  const std::string others[] = {"=?utf-8?X?" + std::string(2000, 'a') + "?=", "=?utf-8?B?" + std::string(2000, '!') + "?=",
                                "=?" + std::string(2000, 'a'), "=?utf-8?Q?" + std::string(2000, 'a')};
  for (const std::string& other : others) {
    const FoldedHeader folded = folded_header("Subject: " + other + "\r\n");
    CHECK(folded.is_broken);
    CHECK(inspect(folded.text).longest_line <= kMaxLineLength);
  }
  std::string empty;
  while (empty.size() < 3000)
    empty +=
        "=?utf-8?Q?"
        "?=";
  CHECK(folded_header("Subject: " + empty + "\r\n").text.find("\r\n\r\n") == std::string::npos);
}

TEST_CASE("header folding: blanks that do not fit go, and never make a field, an empty line or a line without text of one that had some") {
  const std::string blanks(2000, ' ');
  CHECK(folded_header("X: y" + blanks + "\r\n").text == "X: y\r\n");
  CHECK(folded_header("X: y" + blanks + "z\r\n").text == "X: y\r\n z\r\n");
  CHECK(folded_header("X:" + blanks + "z\r\n").text == "X:\r\n z\r\n");
  CHECK(folded_header("X: y\r\n" + blanks + "\r\nZ: z\r\n").text == "X: y\r\n \r\nZ: z\r\n");
  CHECK(folded_header("X: y\r\n" + blanks + "z\r\n").text == "X: y\r\n z\r\n");
  CHECK_FALSE(folded_header("X: y" + blanks + "z\r\n").is_broken);
}

TEST_CASE("header folding: the name of a field is never folded away from its colon") {
  for (const std::string& name : {std::string("X-Name :"), "X-Name" + std::string(500, ' ') + ":", std::string("A\t:")}) {
    const FoldedHeader folded = folded_header(name + std::string(2000, 'x') + "\r\n");
    CHECK(folded.text.starts_with(name));
    CHECK(inspect(folded.text).longest_line <= kMaxLineLength);
    HeaderReader reader(folded.text);
    CHECK_FALSE(reader.next()->name.empty());
    CHECK_FALSE(reader.next());
  }
}

TEST_CASE("header folding: what fits keeps every byte") {
  for (const std::string& header :
       {std::string("A: b\r\n c\r\n"), std::string(), "A: " + std::string(995, 'x') + "\r\n", std::string("A: b")}) {
    CHECK(folded_header(header).text == header);
    CHECK_FALSE(folded_header(header).is_broken);
  }
}
