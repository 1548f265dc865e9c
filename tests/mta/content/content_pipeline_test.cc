// From the stored content to the content for a mail host.
#include <catch2/catch.hpp>
#include <string>

#include "mta/content/conversion_room.h"
#include "mta/content/pipeline.h"
#include "proto/mail_data.h"
#include "proto/mime.h"
#include "tests/support/content_source.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::content::ConversionRoom;
using mta::content::HostNeeds;
using mta::content::Pipeline;
using mta::content::Prepared;
using proto::BodyType;

namespace {

const HostNeeds kModern{true, "mx.example"};
const HostNeeds kOld{false, "old.example"};

const std::string kEightBitHeader =
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
const std::string kEightBit = kEightBitHeader + "Gr\xc3\xbc\xc3\x9f\x65\r\n";
const std::string kLong = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + std::string(999, 'a') +
                          "\r\n--b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa4\r\n--b--\r\n";

proto::Envelope envelope_of(BodyType body, bool has_long_lines = false) {
  proto::Envelope envelope;
  envelope.body = body;
  envelope.has_long_lines = has_long_lines;
  return envelope;
}

std::string sent(const Prepared& prepared) {
  REQUIRE_FALSE(prepared.refusal);
  REQUIRE(prepared.data);
  auto all = run(read_all(*prepared.data, 100));
  REQUIRE(all);
  CHECK(all->size() == prepared.data->size());
  return *all;
}

}  // namespace

TEST_CASE("pipeline: content that a host takes as it is passes no stage") {
  MemorySource plain("Subject: hi\r\n\r\nhello\r\n");
  const auto seven = envelope_of(BodyType::seven_bit);
  const auto eight = envelope_of(BodyType::eight_bit);
  for (const HostNeeds& needs : {kModern, kOld}) CHECK(Pipeline(plain, seven).as_stored(needs)->data == &plain);
  CHECK(Pipeline(plain, eight).as_stored(kModern)->body == BodyType::eight_bit);
  CHECK_FALSE(Pipeline(plain, eight).as_stored(kOld));
  CHECK_FALSE(Pipeline(plain, envelope_of(BodyType::seven_bit, true)).as_stored(kModern));
}

TEST_CASE("pipeline: each host gets what it takes, whatever the one before has got") {
  MemorySource stored(kEightBit);
  const auto envelope = envelope_of(BodyType::eight_bit);
  Pipeline pipeline(stored, envelope);
  for (int i = 0; i < 2; ++i) {
    const Prepared old = run(pipeline.prepare(kOld));
    CHECK(sent(old) == *proto::downgrade_to_seven_bit(kEightBit));
    CHECK(old.body == BodyType::seven_bit);
    const Prepared modern = run(pipeline.prepare(kModern));
    CHECK(sent(modern) == kEightBit);
    CHECK(modern.body == BodyType::eight_bit);
  }
}

TEST_CASE("pipeline: lines are shortened before 8-bit content is re-encoded") {
  MemorySource stored(kLong);
  const auto envelope = envelope_of(BodyType::eight_bit, true);
  Pipeline pipeline(stored, envelope);
  CHECK(sent(run(pipeline.prepare(kModern))) == *proto::reencode_for_transport(kLong));
  CHECK(sent(run(pipeline.prepare(kOld))) == *proto::downgrade_to_seven_bit(*proto::reencode_for_transport(kLong)));
}

TEST_CASE("pipeline: a stage looks through the content once, however many transactions and hosts get what it makes") {
  RepeatedSource stored(kEightBitHeader, "Gr\xc3\xbc\xc3\x9f\x65\r\n", 1u << 20);
  const auto envelope = envelope_of(BodyType::eight_bit);
  Pipeline pipeline(stored, envelope);
  const Prepared first = run(pipeline.prepare(kOld));
  const auto read_once = stored.octets_read;
  CHECK(read_once > 0);
  for (int i = 0; i < 100; ++i) {
    const Prepared again = run(pipeline.prepare({false, "older.example"}));
    CHECK(again.data == first.data);
  }
  CHECK(stored.octets_read == read_once);
}

TEST_CASE("pipeline: what cannot be converted fails for good; what cannot be read, or finds no room, waits") {
  const auto envelope = envelope_of(BodyType::eight_bit);
  MemorySource is_signed("Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xc3\xa4\r\n--b--\r\n");
  const Prepared refused = run(Pipeline(is_signed, envelope).prepare(kOld));
  REQUIRE(refused.refusal);
  CHECK(refused.refusal->outcome == proto::Outcome::failed);
  CHECK(refused.refusal->status == proto::EnhancedStatus{5, 6, 3});
  CHECK_THAT(refused.refusal->text, Catch::StartsWith("the mail host takes no 8-bit content (no 8BITMIME): "));
  RepeatedSource unreadable(kEightBitHeader, "\xc3\xa4\r\n", 1000);
  unreadable.fail_at = 0;
  ConversionRoom none(0);
  MemorySource stored(kEightBit);
  for (const Prepared& waits : {run(Pipeline(unreadable, envelope).prepare(kOld)), run(Pipeline(stored, envelope, none).prepare(kOld))}) {
    REQUIRE(waits.refusal);
    CHECK(waits.refusal->outcome == proto::Outcome::deferred);
    CHECK(waits.refusal->status == proto::EnhancedStatus{4, 3, 0});
  }
}

TEST_CASE("pipeline: room for conversions is free again when the attempt ends") {
  ConversionRoom room;
  MemorySource stored(kEightBit);
  const auto envelope = envelope_of(BodyType::eight_bit);
  {
    Pipeline pipeline(stored, envelope, room);
    (void)run(pipeline.prepare(kOld));
    CHECK(room.held() > 0);
  }
  CHECK(room.held() == 0);
}

TEST_CASE("pipeline: of a host's share something is used only while that host is asked") {
  ConversionRoom room;
  MemorySource stored(kEightBit);
  const auto envelope = envelope_of(BodyType::eight_bit);
  Pipeline pipeline(stored, envelope, room);
  (void)run(pipeline.prepare(kOld));
  const std::size_t held = room.held();
  CHECK(held > 0);
  CHECK(room.held_for("old.example") == held);
  pipeline.leave_host();
  CHECK(room.held_for("old.example") == 0);
  CHECK(room.held() == held);
  const Prepared next = run(pipeline.prepare({false, "next.example"}));
  CHECK(sent(next) == *proto::downgrade_to_seven_bit(kEightBit));
  CHECK(room.held_for("old.example") == 0);
  CHECK(room.held_for("next.example") == held);
}

TEST_CASE("pipeline: where the next host's share is used up the message waits") {
  ConversionRoom room(4u << 20);
  MemorySource stored(kEightBit);
  const auto envelope = envelope_of(BodyType::eight_bit);
  std::vector<std::unique_ptr<Pipeline>> at_next;
  const auto prepare = [&](const char* host) {
    at_next.push_back(std::make_unique<Pipeline>(stored, envelope, room));
    return run(at_next.back()->prepare({false, host}));
  };
  Pipeline pipeline(stored, envelope, room);
  REQUIRE_FALSE(run(pipeline.prepare(kOld)).refusal);
  pipeline.leave_host();
  while (!prepare("next.example").refusal) {
  }
  const Prepared waits = run(pipeline.prepare({false, "next.example"}));
  REQUIRE(waits.refusal);
  CHECK(waits.refusal->status == proto::EnhancedStatus{4, 3, 0});
  at_next.clear();
  CHECK_FALSE(run(pipeline.prepare({false, "next.example"})).refusal);
}
