// A message sent in parts.
#include "mta/control/parts.h"

#include <catch2/catch.hpp>

#include "mta/control/describe.h"
#include "mta/replies/rule_file.h"
#include "proto/control.pb.h"
#include "tests/support/fake_control.h"

using namespace mxpress;
using namespace mxpress::mta::control;
using mxpress::testing::at;
using mxpress::testing::make_message;

namespace {

queue::Message large_message(std::size_t recipients, std::size_t attempts) {
  queue::Message message = make_message(1, 1001, "a@a.example", "b@b.example", "x");
  while (message.envelope.recipients.size() < recipients)
    message.envelope.recipients.push_back(
        {*proto::Mailbox::parse("user" + std::to_string(message.envelope.recipients.size()) + "@b.example"), {}, {}});
  message.recipients.resize(recipients);
  for (std::size_t i = 0; i < attempts; ++i) {
    queue::Attempt attempt;
    attempt.time = at(static_cast<std::int64_t>(i));
    for (std::uint32_t recipient = 0; recipient < recipients; ++recipient) attempt.recipients.push_back(recipient);
    attempt.hosts.resize(2);
    message.attempts.push_back(std::move(attempt));
  }
  return message;
}

void leave(control_pb::RecipientInfo&, const queue::Message&, std::size_t) {}

}  // namespace

TEST_CASE("control parts: a message with 10,000 recipients and 50 attempts at all of them is the same when its parts are joined") {
  const queue::Message message = large_message(10'000, 50);
  MessageParts parts(MessageParts::Attempts::told, at(1000), leave);
  control_pb::MessageInfo joined;
  std::size_t count = 0;
  for (bool complete = false; !complete; ++count) {
    control_pb::Response part = parts.next(message);
    REQUIRE(part.ByteSizeLong() < kMostOfPart + 8'192);
    complete = join_parts(joined, std::move(part));
    REQUIRE(complete == parts.done());
  }
  CHECK(count > 100);
  CHECK(joined.SerializeAsString() == describe(message, at(1000)).SerializeAsString());
}

TEST_CASE("control parts: a small message is one part, and without its attempts where they are not asked for") {
  const queue::Message message = large_message(1, 2);
  MessageParts all(MessageParts::Attempts::told, at(1000), leave), few(MessageParts::Attempts::left_out, at(1000), leave);
  CHECK(all.next(message).message().attempt_size() == 2);
  CHECK(all.done());
  CHECK(few.next(message).message().attempt_size() == 0);
  CHECK(few.done());
}

TEST_CASE("control parts: an attempt that moves while it is told is neither told twice nor mixed with another") {
  queue::Message message = large_message(10'000, 3);
  MessageParts parts(MessageParts::Attempts::told, at(1000), leave);
  control_pb::MessageInfo joined;
  while (joined.attempt_size() < 2) join_parts(joined, parts.next(message));  // in the middle of the second
  message.attempts.erase(message.attempts.begin());
  while (!parts.done()) join_parts(joined, parts.next(message));
  REQUIRE(joined.attempt_size() == 3);
  for (int i = 0; i < 3; ++i) {
    CHECK(joined.attempt(i).time_ms() == i * 1000);
    CHECK(joined.attempt(i).recipient_size() == 10'000);
  }
}

TEST_CASE("control parts: an attempt says at which reply it went on over the other address family") {
  const auto rules = mta::replies::parse_rules(
      "[[rule]]\nname = \"a\"\ntext = \"no ptr\"\neffect = \"other_family\"\nclass = \"identity\"\nwho = \"dns\"\ncause = \"C.\"\n", "f");
  queue::Attempt attempt;
  attempt.hosts.resize(3);
  attempt.hosts[0].result = {proto::Stage::rcpt, "mx", "[2001:db8::1]:25", "", {5, 1, 1}, 550, "550 unknown", false};
  attempt.hosts[1].result = {proto::Stage::rcpt, "mx", "[2001:db8::2]:25", "", {5, 7, 1}, 550, "550 no PTR", false};
  attempt.hosts[2].result = {proto::Stage::rcpt, "mx", "192.0.2.1:25", "", {2, 0, 0}, 250, "250 ok", false};
  control_pb::AttemptInfo info;
  describe_attempt(info, attempt);
  explain_families(nullptr, info, attempt);
  CHECK(info.host(1).other_family().empty());
  explain_families(&rules.rules, info, attempt);
  CHECK(info.host(0).other_family().empty());
  CHECK(info.host(1).other_family() == "IPv4");
}
