// The bytes of the spool: everything written must stay readable.
#include "queue/record.h"

#include <catch2/catch.hpp>

#include "queue/codec.h"
#include "queue/crc32c.h"
#include "queue/segment_scan.h"

namespace mxpress::queue {
namespace {

std::string hex(std::string_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) (out += digits[static_cast<unsigned char>(c) >> 4]) += digits[c & 15];
  return out;
}

TEST_CASE("crc32c: the check value of the Castagnoli polynomial, by either way") {
  CHECK(crc32c("123456789") == 0xE3069283);
  CHECK(crc32c_by_table("123456789") == 0xE3069283);
  const std::string text(1001, 'q');
  CHECK(crc32c(text) == crc32c_by_table(text));
  CHECK(crc32c(text.substr(3), crc32c(text.substr(0, 3))) == crc32c(text));
}

TEST_CASE("record: a header has exactly these octets") {
  const RecordHeader header{.type = RecordType::attempt,
                            .salt = 0x1122334455667788,
                            .batch = 7,
                            .offset = 4096,
                            .id = 0x0000010000000002,
                            .content_size = 0,
                            .meta_size = 3,
                            .meta_crc = 0xAABBCCDD,
                            .content_crc = 0,
                            .sequence = 5,
                            .batch_distance = 9};
  const auto bytes = encode(header);
  CHECK(hex({bytes.data(), 68}) ==
        "4d585231"
        "01"
        "04"
        "0000"
        "8877665544332211"
        "0700000000000000"
        "0010000000000000"
        "0200000000010000"
        "0000000000000000"
        "03000000"
        "ddccbbaa"
        "00000000"
        "05000000"
        "09000000");
  const auto read = decode_record({bytes.data(), bytes.size()});
  REQUIRE(read);
  CHECK(read->sequence == 5);
  CHECK(read->size() == 80);
}

TEST_CASE("record: no single flipped bit of a header passes") {
  const auto bytes = encode({.type = RecordType::action, .salt = 3, .id = 9, .meta_size = 12});
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto changed = bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(decode_record({changed.data(), changed.size()}));
  }
  CHECK_FALSE(decode_record({bytes.data(), bytes.size() - 1}));
}

TEST_CASE("codec: values out of range are refused, not believed") {
  CHECK_FALSE(decode_accepted("\x0a"));
  CHECK_FALSE(decode_change(RecordType::action, {}, "\x08\x63"));                   // an unknown kind
  CHECK_FALSE(decode_change(RecordType::attempt, {}, "\x22\x04\x12\x02\x08\x63"));  // an unknown stage
  CHECK_FALSE(decode_change(RecordType::site, {}, ""));
}

TEST_CASE("codec: an envelope knows of its long lines, and one written before they were known has none") {
  Accepted in;
  in.envelope.has_long_lines = true;
  const auto out = decode_accepted(encode(in));
  REQUIRE(out);
  CHECK(out->envelope.has_long_lines);
  const auto old = decode_accepted("");
  REQUIRE(old);
  CHECK_FALSE(old->envelope.has_long_lines);
}

TEST_CASE("codec: an envelope keeps its author; one written before authors were kept has none") {
  Accepted in;
  const auto without = encode(in).size();
  in.envelope.author = "news@shop.example";
  in.envelope.held_because = "[route]";
  const auto out = decode_accepted(encode(in));
  REQUIRE(out);
  CHECK(out->envelope.author == "news@shop.example");
  CHECK(out->envelope.held_because == "[route]");
  CHECK(encode(in).size() > without);
  CHECK(decode_accepted("")->envelope.author.empty());
}

TEST_CASE("codec: an envelope keeps that it was refused, and that it claims another's address") {
  Accepted in;
  const auto without = encode(in).size();
  CHECK_FALSE(decode_accepted(encode(in))->envelope.refused);
  in.envelope.refused = {{5, 7, 1}, "not as the boss"};
  in.envelope.is_as_other = true;
  const auto out = decode_accepted(encode(in));
  REQUIRE(out);
  CHECK(out->envelope.refused.text == "not as the boss");
  CHECK(out->envelope.refused.status == proto::EnhancedStatus{5, 7, 1});
  CHECK(out->envelope.is_as_other);
  CHECK(encode(in).size() > without);
}

TEST_CASE("codec: a message keeps whose share it uses; one written before shares were kept has none, and a user's has his own") {
  using proto::ShareOwner;
  const auto share = GENERATE(ShareOwner(), ShareOwner::user(0), ShareOwner::user(4'000'000'000), ShareOwner::ipv4(0xC0000207),
                              ShareOwner::ipv6_network(0x20010DB800010002), ShareOwner::host());
  Accepted in;
  const auto without = encode(in).size();
  in.envelope.submitter.share = share;
  const auto bytes = encode(in);
  CHECK(bytes.size() <= without + 9);
  const auto out = decode_accepted(bytes);
  REQUIRE(out);
  CHECK(out->envelope.submitter.share == share);
  CHECK(out->envelope.submitter.uid == -1);
  CHECK_FALSE(decode_accepted("")->envelope.submitter.share.is_known());
  in.envelope.submitter.uid = 33;
  CHECK_FALSE(decode_accepted(encode(in))->envelope.submitter.share.is_known());
  CHECK(decode_accepted(encode(in))->envelope.submitter.share_owner() == ShareOwner::user(33));
}

TEST_CASE("codec: an attempt keeps every field") {
  Settlement in;
  in.attempt = {WallTime(Duration(5)), {1, 2}, {}};
  proto::HostResult result{
      proto::Stage::rcpt, "mx.example.org", "[2001:db8::1]:25", "TLSv1.3", {4, 7, 1}, 451, std::string("\xff odd"), true};
  in.attempt.hosts.push_back({result, WallTime(Duration(6)), Duration(7), Duration(8), true});
  in.changes.push_back({2, {RecipientStage::pending, 3, WallTime(Duration(9)), true, true, result, WallTime(Duration(10))}});
  const auto out = decode_change(RecordType::attempt, QueueId{4}, encode(StateChange(in)));
  REQUIRE(out);
  const auto& read = std::get<Settlement>(*out);
  CHECK(read.message == QueueId{4});
  CHECK(read.attempt.recipients == in.attempt.recipients);
  CHECK(read.attempt.hosts[0].reused_session);
  CHECK(read.attempt.hosts[0].total == Duration(8));
  CHECK(read.attempt.hosts[0].result.address == "[2001:db8::1]:25");
  const auto& state = read.changes[0].state;
  CHECK(state.attempts == 3);
  CHECK(state.delay_notice_sent);
  CHECK(state.expired);
  CHECK(state.last->stage == proto::Stage::rcpt);
  CHECK(state.last->status == proto::EnhancedStatus{4, 7, 1});
  CHECK(state.last->reply_code == 451);
  CHECK(state.last->text == "\xff odd");
  CHECK(state.last->maybe_delivered);
  CHECK(state.last_time == WallTime(Duration(10)));
}

}  // namespace
}  // namespace mxpress::queue
