// Conversion of content while it is sent: its result, and its cost.
#include <catch2/catch.hpp>

#include "mta/content/conversion.h"
#include "proto/mail_data.h"
#include "tests/support/content_source.h"

using namespace mxpress;
using namespace mxpress::testing;
using namespace mxpress::mta::content;
using proto::MimeGoal;

namespace {

using Conversion = Result<std::unique_ptr<Converted>>;

Conversion convert_for(DataSource& source, MimeGoal goal, ConversionRoom& room, std::int64_t uid = 1, const char* host = "mx.example") {
  return run(convert(source, goal, room, {mta::fairness::Owner::user(uid), host}));
}

const std::string kEightBit =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n";
const std::string kMixed = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + std::string(999, 'a') +
                           "\r\n--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n--b--\r\n";

}  // namespace

TEST_CASE("conversion: what is read has the size that was announced, and is what conversion in memory gives") {
  ConversionRoom room;
  MemorySource source(kMixed);
  const auto converted = convert_for(source, MimeGoal::short_lines, room);
  REQUIRE(converted);
  for (const std::size_t piece : {1, 100, 1 << 20}) {
    const auto content = run(read_all(**converted, piece));
    REQUIRE(content);
    CHECK(*content == *proto::reencode_for_transport(kMixed));
    CHECK(content->size() == (*converted)->size());
  }
  CHECK((*converted)->body() == proto::BodyType::eight_bit);
}

TEST_CASE("conversion: header lines of every length around the limit are folded alike by both passes") {
  ConversionRoom room;
  for (const std::string& unit : {"x", "xxxxxxx ", "\xc3\xbc", "=?utf-8?B?w7w=?="}) {
    for (std::size_t length = 970; length < 1030; ++length) {
      std::string line = "Subject: ";
      while (line.size() < length) line += unit;
      MemorySource source(line + "\r\nX: y\r\n\r\n\xc3\xa4" + std::string(length, 'y') + "\r\n");
      for (const MimeGoal goal : {MimeGoal::short_lines, MimeGoal::seven_bit}) {
        const auto converted = convert_for(source, goal, room);
        REQUIRE(converted);
        CHECK(run(read_all(**converted, 100))->size() == (*converted)->size());
      }
    }
  }
}

TEST_CASE("conversion: what was converted once can be converted again") {
  ConversionRoom room;
  MemorySource source(kMixed);
  const auto lines = convert_for(source, MimeGoal::short_lines, room);
  REQUIRE(lines);
  const auto bits = convert_for(**lines, MimeGoal::seven_bit, room);
  REQUIRE(bits);
  CHECK((*bits)->body() == proto::BodyType::seven_bit);
  CHECK(*run(read_all(**bits, 64)) == *proto::downgrade_to_seven_bit(*proto::reencode_for_transport(kMixed)));
}

TEST_CASE("conversion: 48 MiB take less than a mebibyte, and the thread is left after each 64 KiB") {
  constexpr std::uint64_t kOctets = 48u << 20;
  ConversionRoom room;
  RepeatedSource large(kEightBit,
                       "Gr\xc3\xbc\xc3\x9f"
                       "e\r\n",
                       kOctets);
  std::size_t turns = 0;
  const auto converted = run(convert(large, MimeGoal::seven_bit, room, {mta::fairness::Owner::user(1), "mx.example"}), &turns);
  REQUIRE(converted);
  CHECK(room.held() < 1u << 20);
  CHECK(large.largest_read <= 64 * 1024);
  CHECK(large.octets_read == 2 * large.size());
  CHECK(turns >= 2 * (large.size() / (64 * 1024)));
}

TEST_CASE("conversion: content that cannot be read is no verdict on the message") {
  ConversionRoom room;
  RepeatedSource source(kEightBit, "\xc3\xa4\r\n", 1u << 20);
  source.fail_at = 512 * 1024;
  const auto refused = convert_for(source, MimeGoal::seven_bit, room);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is_transient());
  source.fail_at.reset();
  const auto converted = convert_for(source, MimeGoal::seven_bit, room);
  REQUIRE(converted);
  source.fail_at = 512 * 1024;
  CHECK(run(read_all(**converted, 64 * 1024)).error().is_transient());
}

TEST_CASE("conversion: what cannot be converted is refused for good, and holds nothing") {
  ConversionRoom room;
  MemorySource source("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xa4\r\n--b--\r\n");
  const auto refused = convert_for(source, MimeGoal::seven_bit, room);
  REQUIRE_FALSE(refused);
  CHECK_FALSE(refused.error().is_transient());
  CHECK(room.held() == 0);
}

TEST_CASE("conversion: a user whose conversions wait for slow hosts leaves room for others, who find it again when he is done") {
  ConversionRoom room(16u << 20);
  MemorySource source(kEightBit);
  std::vector<std::unique_ptr<Converted>> waiting;
  const auto fill = [&](std::int64_t uid) {
    for (std::size_t i = 0;; ++i) {
      auto one = convert_for(source, MimeGoal::seven_bit, room, uid, ("tarpit" + std::to_string(i) + ".example").c_str());
      if (!one) return one.error();
      waiting.push_back(std::move(*one));
    }
  };
  const Error refused = fill(1);
  CHECK(refused.is_transient());
  CHECK_THAT(refused.message, Catch::Contains("at the moment"));
  CHECK(room.held() <= 8u << 20);
  const std::size_t of_one = waiting.size();
  CHECK(of_one > 5);
  CHECK(convert_for(source, MimeGoal::seven_bit, room, 2));
  (void)fill(2);
  CHECK(waiting.size() > of_one + of_one / 3);
  CHECK(convert_for(source, MimeGoal::seven_bit, room, 3));
  waiting.clear();
  CHECK(room.held() == 0);
  CHECK(convert_for(source, MimeGoal::seven_bit, room, 1));
}

TEST_CASE("conversion: one destination has half, whoever writes to it") {
  ConversionRoom room(16u << 20);
  MemorySource source(kEightBit);
  std::vector<std::unique_ptr<Converted>> waiting;
  for (std::int64_t uid = 0; uid < 100; ++uid) {
    auto one = convert_for(source, MimeGoal::seven_bit, room, uid, "tarpit.example");
    if (!one) break;
    waiting.push_back(std::move(*one));
  }
  CHECK(waiting.size() > 5);
  CHECK(room.held() <= 8u << 20);
  CHECK_FALSE(convert_for(source, MimeGoal::seven_bit, room, 100, "tarpit.example"));
  CHECK(convert_for(source, MimeGoal::seven_bit, room, 100, "mx.example"));
}

TEST_CASE("conversion: of what a destination may have a user leaves half to others, who have a usual conversion in any case") {
  ConversionRoom room;
  MemorySource source(kEightBit);
  std::vector<std::unique_ptr<Converted>> waiting;
  const auto fill = [&](std::int64_t uid) {
    while (auto one = convert_for(source, MimeGoal::seven_bit, room, uid)) waiting.push_back(std::move(*one));
    return room.held_for("mx.example");
  };
  CHECK(fill(1) <= 8u << 20);
  const std::size_t of_one = room.held_for("mx.example");
  REQUIRE(convert_for(source, MimeGoal::seven_bit, room, 2));
  CHECK(room.held_for("mx.example") == of_one);
  CHECK(fill(2) <= 12u << 20);
  CHECK(convert_for(source, MimeGoal::seven_bit, room, 3));
}

TEST_CASE("conversion: content that is costly to convert counts for what it holds") {
  ConversionRoom room;
  std::string header = "Subject: s\r\n";
  while (header.size() < 1u << 20) header += "X: " + std::string(900, 'y') + "\r\n";
  MemorySource source(header + "\r\n\xc3\xa4\r\n");
  const auto converted = convert_for(source, MimeGoal::seven_bit, room);
  REQUIRE(converted);
  CHECK(room.held() > 2u << 20);
  ConversionRoom small(2u << 20);
  CHECK(convert_for(source, MimeGoal::seven_bit, small).error().is_transient());
  CHECK(small.held() == 0);
}
