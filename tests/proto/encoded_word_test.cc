// Tests of reading encoded-words.
#include "proto/encoded_word.h"

#include <catch2/catch.hpp>
#include <string>

using mxpress::proto::with_words_decoded;

TEST_CASE("encoded words: those of UTF-8 become what they stand for, with the blanks between them dropped") {
  CHECK(with_words_decoded("=?UTF-8?B?TcOk?= =?utf-8*de?q?rz_=3D?= end") == "M\xC3\xA4rz = end");
  CHECK(with_words_decoded("a =?us-ascii?Q?b?= c") == "a b c");
}

TEST_CASE("encoded words: other character sets and malformed ones stay as they are") {
  for (const std::string text : {"=?iso-8859-1?q?M=E4rz?=", "=?utf-8?q?open", "=?utf-8?b?!!?=", "=?utf-8?x?a?=", "=?", "plain  text ", ""})
    CHECK(with_words_decoded(text) == text);
  CHECK(with_words_decoded("=?utf-8?q?a?= =?iso-8859-1?q?b?=") == "a =?iso-8859-1?q?b?=");
}
