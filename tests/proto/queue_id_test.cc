// Tests of queue identifiers.
#include "proto/queue_id.h"

#include <catch2/catch.hpp>

using mxpress::proto::QueueId;

TEST_CASE("queue id: text and number are two forms of the same") {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 40, std::uint64_t{0x123456789ABCDEF0}, ~std::uint64_t{0}}) {
    const std::string text = QueueId{value}.to_string();
    CHECK(text.size() == 13);
    REQUIRE(QueueId::parse(text));
    CHECK(QueueId::parse(text)->value == value);
  }
  CHECK(QueueId{~std::uint64_t{0}}.to_string() == "FZZZZZZZZZZZZ");
  CHECK(QueueId::parse("0000000000abc") == QueueId::parse("0000000000ABC"));
}

TEST_CASE("queue id: text sorts like the numbers") { CHECK(QueueId{(1ull << 40) - 1}.to_string() < QueueId{1ull << 40}.to_string()); }

TEST_CASE("queue id: anything but 13 digits of a 64-bit number is refused") {
  for (const char* text : {"", "0", "00000000000000", "000000000000I", "000000000000L", "000000000000O", "000000000000U", "G000000000000",
                           "ZZZZZZZZZZZZZ", "../0000000000", "00000 0000000"}) {
    CAPTURE(text);
    CHECK_FALSE(QueueId::parse(text));
  }
}
