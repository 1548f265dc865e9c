// The effect of a durable notice on its recipients.
#include <catch2/catch.hpp>

#include "tests/queue/spool_fixture.h"

using namespace mxpress;
using namespace mxpress::queue;
using Kind = NewMessage::NoticeFor::Kind;

namespace {

// Stores a message whose only recipient has a pending notice, and that notice.
void owe_and_tell(SpoolFixture& fixture, QueueId id, Kind kind) {
  fixture.spool->settle(settlement(id, 0, RecipientStage::notice_pending), nullptr);
  fixture.commit();
  NewMessage notice = new_message();
  notice.notice_for.push_back({id, {0}, kind});
  REQUIRE(fixture.store(std::move(notice)));
}

}  // namespace

TEST_CASE("told: a notice of failure, or that the message was relayed, ends what was owed, over a restart too") {
  const Kind kind = GENERATE(Kind::failure, Kind::success);
  SpoolFixture fixture;
  REQUIRE(fixture.open());
  const QueueId id = fixture.store(new_message()).value();
  owe_and_tell(fixture, id, kind);
  CHECK(fixture.spool->load(id)->ended);
  CHECK(fixture.spool->ids(false).size() == 1);  // the notice
  REQUIRE(fixture.cut());
  CHECK(fixture.found.size() == 1);
}

TEST_CASE("told: a message that is forwarded delivers for whom it stands, in one step, over a restart too") {
  SpoolFixture fixture;
  REQUIRE(fixture.open());
  const QueueId id = fixture.store(new_message({"bob@here.example", "carol@here.example"})).value();
  NewMessage forwarded = new_message({"b@there.example"});
  forwarded.envelope.recipients[0].forwards = 1;
  forwarded.notice_for.push_back({id, {0}, Kind::forward});
  const QueueId other = fixture.store(std::move(forwarded)).value();
  REQUIRE(fixture.cut());
  REQUIRE(fixture.found.size() == 2);
  const Message message = fixture.spool->load(id).value();
  CHECK(message.recipients[0].stage == RecipientStage::delivered);
  REQUIRE(message.recipients[0].last);
  CHECK(message.recipients[0].last->text == "forwarded by ~/.forward");
  CHECK(message.recipients[1].stage == RecipientStage::pending);
  CHECK(fixture.spool->load(other)->envelope.recipients[0].forwards == 1);
}

TEST_CASE("told: what is forwarded for the last recipient ends the message") {
  SpoolFixture fixture;
  REQUIRE(fixture.open());
  const QueueId id = fixture.store(new_message()).value();
  NewMessage forwarded = new_message({"b@there.example"});
  forwarded.notice_for.push_back({id, {0}, Kind::forward});
  const QueueId other = fixture.store(std::move(forwarded)).value();
  CHECK(fixture.spool->load(id)->ended);
  CHECK(fixture.spool->ids(false) == std::vector{other});
  fixture.spool->settle(settlement(id, 0, RecipientStage::delivered), nullptr);  // the attempt that has forwarded
  fixture.commit();
  REQUIRE(fixture.cut());
  REQUIRE(fixture.found.size() == 1);
  CHECK(fixture.found[0].id == other);
}

TEST_CASE("told: a notice of delay pays nothing") {
  SpoolFixture fixture;
  REQUIRE(fixture.open());
  const QueueId id = fixture.store(new_message()).value();
  owe_and_tell(fixture, id, Kind::delay);
  CHECK_FALSE(fixture.spool->load(id)->ended);
  CHECK(fixture.spool->ids(false).size() == 2);
}
