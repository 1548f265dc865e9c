// Failures of root's mail in a digest: its time and its text.
#include "mta/delivery/notice_digest.h"

#include <catch2/catch.hpp>
#include <string>

#include "mta/config/config.h"
#include "proto/dsn.h"
#include "proto/encoded_text.h"
#include "queue/message.h"

using namespace mxpress;
using mta::delivery::DigestText;
using mta::delivery::NoticeDigest;
using Rest = NoticeDigest::Rest;
using queue::Instant;
using std::chrono::hours;
using std::chrono::minutes;

namespace {

const Instant kStart{hours(1000)};

mta::Config config_here() { return mta::parse_config("hostname = \"here.example\"\n", "test").value(); }

queue::Message failed_message(std::uint64_t id, std::size_t recipients) {
  queue::Message message;
  message.id = {id};
  message.envelope.reverse_path = proto::ReversePath(*proto::Mailbox::parse("root@here.example"));
  message.envelope.submitter.program = "cron";
  for (std::size_t i = 0; i < recipients; ++i) {
    message.envelope.recipients.push_back({*proto::Mailbox::parse("you" + std::to_string(i) + "@there.example"), {}, ""});
    queue::RecipientState state;
    state.stage = queue::RecipientStage::notice_pending;
    state.last = proto::HostResult{proto::Stage::rcpt, "mx", "", "", {5, 1, 1}, 550, "550 5.1.1 no such user", false};
    message.recipients.push_back(state);
  }
  return message;
}

std::vector<std::uint32_t> all_of(const queue::Message& message) {
  std::vector<std::uint32_t> all(message.recipients.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  return all;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("digest: ten notices in an hour go alone, and the rest waits until the hour is over") {
  NoticeDigest digest;
  for (std::uint64_t i = 0; i < 10; ++i) CHECK(digest.may_go_alone({i}, kStart + minutes(i)));
  CHECK_FALSE(digest.may_go_alone({10}, kStart + minutes(10)));
  CHECK_FALSE(digest.may_go_alone({11}, kStart + minutes(59)));
  CHECK(digest.due() == kStart + hours(1));
  CHECK(digest.begin() == std::vector<proto::QueueId>{{10}, {11}});
  digest.end({{10}, {11}}, Rest::none, kStart + hours(1));
  CHECK_FALSE(digest.waits({10}));
}

TEST_CASE("digest: there is one in an hour as long as more comes, and single notices when an hour was quiet") {
  NoticeDigest digest;
  for (std::uint64_t i = 0; i < 11; ++i) (void)digest.may_go_alone({i}, kStart);
  (void)digest.begin();
  digest.end({{10}}, Rest::none, kStart + hours(1));
  CHECK_FALSE(digest.may_go_alone({20}, kStart + hours(1) + minutes(1)));
  CHECK(digest.due() == kStart + hours(2));
  (void)digest.begin();
  digest.end({{20}}, Rest::none, kStart + hours(2));
  CHECK(digest.may_go_alone({30}, kStart + hours(3)));
}

TEST_CASE("digest: what could not be stored is due again, and nothing of it is forgotten") {
  NoticeDigest digest;
  for (std::uint64_t i = 0; i < 12; ++i) (void)digest.may_go_alone({i}, kStart);
  (void)digest.begin();
  digest.failed({}, kStart + hours(1) + minutes(1));
  CHECK_FALSE(digest.is_being_composed());
  CHECK(digest.due() == kStart + hours(1) + minutes(1));
  CHECK(digest.begin() == std::vector<proto::QueueId>{{10}, {11}});
}

TEST_CASE("digest: what could not be read, or came meanwhile, waits for the next hour; what had no room does not") {
  NoticeDigest digest;
  for (std::uint64_t i = 0; i < 12; ++i) (void)digest.may_go_alone({i}, kStart);
  (void)digest.begin();
  CHECK_FALSE(digest.may_go_alone({12}, kStart + hours(1)));
  digest.end({{10}}, Rest::none, kStart + hours(1));
  CHECK(digest.waits({11}));
  CHECK(digest.due() == kStart + hours(2));
  (void)digest.begin();
  digest.end({{11}}, Rest::follows, kStart + hours(2));
  CHECK(digest.due() == kStart + hours(2));
  for (std::uint64_t i = 0; i <= NoticeDigest::kMostMessages; ++i) (void)digest.may_go_alone({100 + i}, kStart + hours(2));
  const auto most = digest.begin();
  CHECK(most.size() == NoticeDigest::kMostMessages);
  digest.end(most, Rest::none, kStart + hours(2));
  CHECK(digest.due() == kStart + hours(2));
}

TEST_CASE("digest: one that had nothing to tell is none") {
  NoticeDigest digest;
  for (std::uint64_t i = 0; i < 12; ++i) (void)digest.may_go_alone({i}, kStart);
  (void)digest.begin();
  digest.failed({{10}}, kStart + hours(1) + minutes(1));
  CHECK_FALSE(digest.waits({10}));
  CHECK(digest.waits({11}));
  (void)digest.begin();
  digest.failed({{11}}, kStart + hours(1) + minutes(2));
  CHECK(digest.may_go_alone({13}, kStart + hours(2)));
}

TEST_CASE("digest: it is for root of this host alone") {
  const auto config = config_here();
  const auto path = [](const std::string& address) { return proto::ReversePath(*proto::Mailbox::parse(address)); };
  CHECK(NoticeDigest::is_for(config, path("root@here.example")));
  CHECK(NoticeDigest::is_for(config, path("Root@localhost")));
  CHECK_FALSE(NoticeDigest::is_for(config, path("bob@here.example")));
  CHECK_FALSE(NoticeDigest::is_for(config, path("root@there.example")));
  CHECK_FALSE(NoticeDigest::is_for(config, proto::ReversePath()));
}

TEST_CASE("digest: the text explains a hundred recipients, and lists all") {
  const auto config = config_here();
  DigestText text(config);
  for (std::uint64_t i = 1; i <= 150; ++i) {
    const auto message = failed_message(i, 1);
    REQUIRE(text.add(message, all_of(message), ""));
  }
  const auto composed = text.message({7}, 99);
  CHECK(composed.notice_for.size() == 150);
  CHECK(composed.envelope.is_notice);
  CHECK(composed.envelope.recipients.at(0).mailbox.to_string() == "root@here.example");
  CHECK(count(composed.content, "550 5.1.1 no such user") == proto::kMaxListed);
  CHECK(count(composed.content, " 5.1.1 you0@there.example\r\n") == 150);
  CHECK(count(composed.content, "by cron") == proto::kMaxListed);
  CHECK_THAT(composed.content, Catch::Contains("Subject: Undelivered mail: 150 recipients of 150 messages\r\n") &&
                                   Catch::Contains("and 50 more: the second part lists all."));
}

TEST_CASE("digest: subjects keep their UTF-8, and the message travels in 7 bits") {
  const auto config = config_here();
  DigestText text(config);
  const auto message = failed_message(1, 1);
  REQUIRE(text.add(message, all_of(message), "Rechnung f\xC3\xBCr M\xC3\xA4rz"));
  const std::string content = text.message({7}, 99).content;
  CHECK_THAT(content, Catch::Contains("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n") &&
                          Catch::Contains("\r\n    subject: Rechnung f=C3=BCr M=C3=A4rz\r\n"));
  CHECK_THAT(content, Catch::Contains("charset=us-ascii\r\nContent-Disposition: attachment"));
  CHECK_FALSE(proto::has_eight_bit(content));
}

TEST_CASE("digest: however much has to be encoded, the message is small") {
  const auto config = config_here();
  DigestText text(config);
  auto message = failed_message(1, 20'000);
  for (auto& state : message.recipients) state.last->text = std::string(1000, '=');
  for (auto& recipient : message.envelope.recipients) recipient.mailbox = *proto::Mailbox::parse(std::string(900, '=') + "@there.example");
  REQUIRE(text.add(message, all_of(message), std::string(100, '\xC3')));
  CHECK(text.message({7}, 99).content.size() < queue::kInlineContent);
}

TEST_CASE("digest: what has no room is for the next one, and a first message of any size has room") {
  const auto config = config_here();
  DigestText text(config);
  const auto large = failed_message(1, 20'000);
  REQUIRE(text.add(large, all_of(large), ""));
  const auto next = failed_message(2, 1);
  CHECK_FALSE(text.add(next, all_of(next), ""));
  const auto composed = text.message({7}, 99);
  CHECK(composed.notice_for.size() == 1);
  CHECK(composed.notice_for[0].recipients.size() == 20'000);
  CHECK(composed.content.size() < queue::kInlineContent);
  CHECK_THAT(composed.content, Catch::Contains(" more: mxpress show "));
}

TEST_CASE("digest: one that has nothing to say for an hour may be forgotten") {
  NoticeDigest digest;
  CHECK(digest.is_forgettable(kStart));
  for (std::uint64_t i = 0; i < 11; ++i) (void)digest.may_go_alone({i}, kStart);
  CHECK_FALSE(digest.is_forgettable(kStart + hours(2)));
  (void)digest.begin();
  CHECK_FALSE(digest.is_forgettable(kStart + hours(2)));
  digest.end({{10}}, Rest::none, kStart + hours(2));
  CHECK_FALSE(digest.is_forgettable(kStart + hours(2) + minutes(59)));
  CHECK(digest.is_forgettable(kStart + hours(3)));
}
