// Tests of xtext.
#include "proto/xtext.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

TEST_CASE("xtext: any octets survive encoding and decoding") {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  CHECK(is_xtext(encode_xtext(all)));
  CHECK(decode_xtext(encode_xtext(all)) == all);
  CHECK(encode_xtext("user+tag@example.org") == "user+2Btag@example.org");
}

TEST_CASE("xtext: malformed escapes, spaces, controls and 8-bit are refused") {
  for (const char* text : {"+", "+4", "+4g", "+4a", "a b", "a=b", "a\x01", "\xC3\xBC", "a\r\n"}) {
    CAPTURE(text);
    CHECK_FALSE(is_xtext(text));
  }
  CHECK(is_xtext(""));
}
