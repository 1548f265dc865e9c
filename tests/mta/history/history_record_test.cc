// Records of the history: what is written is read, and nothing else.
#include "mta/history/record.h"

#include <catch2/catch.hpp>

#include "queue/changes.h"
#include "tests/support/history_events.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace mxpress::mta::history;
using mxpress::testing::envelope_of;
using mxpress::testing::frames_of;
using mxpress::testing::outcome_of;

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'800'000'000)};

struct Read {
  std::vector<std::string> payloads;
  RecordView record(std::size_t i) const {
    RecordView record;
    REQUIRE(decode(payloads.at(i), record));
    return record;
  }
};

Read read(std::string_view frames) {
  Read read;
  for (auto payload = payload_of(frames); !payload.empty(); payload = payload_of(frames)) {
    read.payloads.emplace_back(payload);
    frames.remove_prefix(kFrameHead + payload.size());
  }
  CHECK(frames.empty());
  return read;
}

}  // namespace

TEST_CASE("history record: a message that is accepted keeps its sender, recipients, Message-ID and owner") {
  auto envelope = envelope_of(1001, "Me@here.example", {"a@there.example", "b@there.example"});
  envelope.recipients[1].original_recipient = "rfc822;alias@here.example";
  const Read all = read(testing::accepted(77, envelope, "x@here.example", kNow));
  REQUIRE(all.payloads.size() == 1);
  const RecordView record = all.record(0);
  CHECK(record.kind == RecordKind::accepted);
  CHECK(record.message.value == 77);
  CHECK(record.time == kNow);
  CHECK(record.uid == 1001);
  CHECK(record.size == 1234);
  CHECK(record.sender == "Me@here.example");
  CHECK(record.message_id == "x@here.example");  // without brackets
  REQUIRE(record.recipients.size() == 2);
  CHECK(record.recipients[0].recipient == "a@there.example");
  CHECK(record.recipients[0].original.empty());
  CHECK(record.recipients[1].original == "alias@here.example");
}

TEST_CASE("history record: an attempt keeps the result of each recipient, and equal ones once") {
  events::Attempted event{{5}, "me@here.example", {}, {}, {}};
  for (const char* to : {"a@x.example", "b@x.example"})
    event.recipients.push_back(outcome_of(events::Disposition::deferred, to, 451, "451 4.7.1 later"));
  event.recipients.push_back(outcome_of(events::Disposition::failed, "c@x.example", 550, "550 5.1.1 no such user"));
  event.recipients.push_back({events::Disposition::expired, "d@x.example", "old@x.example", {}, {}, {}, {}, {}, {}});
  event.recipients[0].next_try = kNow + std::chrono::minutes(5);
  const auto outcomes = event.recipients;
  const Read all = read(frames_of(std::move(event), kNow));
  const RecordView record = all.record(0);
  REQUIRE(record.recipients.size() == 4);
  CHECK(record.recipients[0].next_try == kNow + std::chrono::minutes(5));
  CHECK(result_of(record.recipients[1]) == outcomes[1].result);
  CHECK(record.recipients[1].result.data() == record.recipients[0].result.data());
  CHECK(result_of(record.recipients[2]) == outcomes[2].result);
  CHECK(record.recipients[2].disposition == events::Disposition::failed);
  CHECK_FALSE(result_of(record.recipients[3]));
  CHECK(record.recipients[3].original == "old@x.example");
}

TEST_CASE("history record: actions, notices and messages set aside are kept; other events are not") {
  events::Acted acted{{6}, queue::ActionKind::remove, 0};
  acted.withdrawn.push_back({"a@x.example", ""});
  const Read action = read(frames_of(std::move(acted), kNow));
  CHECK(action.record(0).what == static_cast<std::uint8_t>(queue::ActionKind::remove));
  CHECK(action.record(0).uid == 0);
  CHECK(action.record(0).recipients.at(0).recipient == "a@x.example");
  const proto::ReversePath to(*proto::Mailbox::parse("me@here.example"));
  const Read notice = read(frames_of(events::NoticeSent{{6}, queue::NoticeKind::delay, to, {9}, 3}, kNow));
  CHECK(notice.record(0).notice.value == 9);
  CHECK(notice.record(0).size == 3);
  CHECK(notice.record(0).sender == "me@here.example");
  const Read aside = read(frames_of(events::SetAside{{6}, "signal 11"}, kNow));
  CHECK(aside.record(0).text == "signal 11");
  CHECK(frames_of(events::NoticeLeftOut{{6}}, kNow).empty());
}

TEST_CASE("history record: a message to ten thousand recipients is split into frames that can be read") {
  std::vector<std::string> recipients;
  for (int i = 0; i < 10'000; ++i) recipients.push_back("user" + std::to_string(i) + "@there.example");
  const Read all = read(testing::accepted(1, envelope_of(-1, "me@here.example", recipients), "", kNow));
  CHECK(all.payloads.size() > 10);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < all.payloads.size(); ++i) {
    CHECK(all.payloads[i].size() + kFrameHead <= kMostOfFrame);
    CHECK(all.record(i).continues == (i > 0));
    sum += all.record(i).recipients.size();
  }
  CHECK(sum == 10'000);
}

TEST_CASE("history record: no part of a record is a record, nor is one with a changed octet") {
  const std::string frame = testing::delivered(3, "a@x.example", kNow);
  for (std::size_t size = 0; size < frame.size(); ++size) CHECK(payload_of(std::string_view(frame).substr(0, size)).empty());
  std::string changed = frame;
  changed[frame.size() / 2] ^= 1;
  CHECK(payload_of(changed).empty());
  const std::string payload(payload_of(frame));
  RecordView record;
  for (std::size_t size = 0; size + 1 < payload.size(); ++size)
    if (size != payload.find("a@x.example") - 2) CHECK_FALSE(decode(std::string_view(payload).substr(0, size), record));
}
