// Tests of enhanced status codes.
#include "proto/status.h"

#include <catch2/catch.hpp>

using namespace mxpress::proto;

TEST_CASE("status: a code is parsed and written back the same") {
  for (const char* text : {"5.1.1", "4.0.0", "2.1.5", "5.7.26", "4.999.999"}) {
    const auto status = EnhancedStatus::parse(text);
    REQUIRE(status);
    CHECK(status->to_string() == text);
  }
}

TEST_CASE("status: everything but exactly one code is refused") {
  for (const char* text :
       {"", "5", "5.1", "5.1.", "5..1", "3.1.1", "0.1.1", "55.1.1", "5.1.1 ", " 5.1.1", "5.1.1x", "5.01.1", "5.1000.1", "5.-1.1"}) {
    CAPTURE(text);
    CHECK_FALSE(EnhancedStatus::parse(text));
  }
}

TEST_CASE("status: every code has plain words, and well-known ones differ") {
  for (const int klass : {2, 4, 5}) {
    for (int subject = 0; subject < 10; ++subject) {
      for (int detail = 0; detail < 40; ++detail) CHECK_FALSE(plain_words({klass, subject, detail}).empty());
    }
  }
  CHECK(plain_words({5, 1, 1}) != plain_words({5, 1, 2}));
  CHECK(plain_words({5, 1, 10}) != plain_words({5, 1, 11}));
  CHECK(plain_words({5, 2, 2}).find("full") != std::string_view::npos);
  CHECK(plain_words({4, 7, 1}) != plain_words({5, 7, 1}));
}
