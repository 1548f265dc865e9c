// Forms: each octet comes back, and malformed ones are no values.
#include "proto/form.h"

#include <catch2/catch.hpp>

namespace mxpress::proto {
namespace {

TEST_CASE("form: only unreserved octets stay as they are") {
  CHECK(form_of({}) == "");
  CHECK(form_of({{"grant_type", "refresh_token"}, {"scope", "https://mail.example/ offline_access"}}) ==
        "grant_type=refresh_token&scope=https%3A%2F%2Fmail.example%2F%20offline_access");
  CHECK(form_of({{"a+b", "&=%\xC3\xA4~"}}) == "a%2Bb=%26%3D%25%C3%A4~");
}

TEST_CASE("form: every octet comes back as it was") {
  std::string all;
  for (int octet = 0; octet < 256; ++octet) all += static_cast<char>(octet);
  CHECK(form_value(form_of({{"first", "x"}, {all, "y"}, {"last", all}}), "last") == all);
  CHECK(form_value(form_of({{"first", "x"}, {all, "y"}, {"last", all}}), all) == "y");
}

TEST_CASE("form: the first field of a name counts, and malformed escapes are no value") {
  CHECK(form_value("a=1&b=2&a=3", "a") == "1");
  CHECK(form_value("a=x+y", "a") == "x y");
  CHECK(form_value("a&b=2", "a") == "");
  CHECK(form_value("&&b=2&", "b") == "2");
  CHECK(form_value("b=2=3", "b") == "2=3");
  CHECK(form_value("", "a") == std::nullopt);
  CHECK(form_value("aa=1", "a") == std::nullopt);
  for (const char* bad : {"a=%", "a=%4", "a=%zz", "a=%-1", "a=%+1", "a=% 1"}) CHECK(form_value(bad, "a") == std::nullopt);
}

}  // namespace
}  // namespace mxpress::proto
