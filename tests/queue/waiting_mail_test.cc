// The limit for waiting mail.
#include "queue/waiting_mail.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/queue/spool_fixture.h"

using namespace mxpress;
using proto::ShareOwner;
using queue::WaitingMail;
using queue::weight_of;

namespace {

proto::Envelope to(const std::vector<std::string>& recipients, std::int64_t uid = 33) {
  proto::Envelope envelope;
  for (const auto& recipient : recipients) envelope.recipients.push_back({*proto::Mailbox::parse(recipient), {}, ""});
  envelope.submitter.uid = uid;
  return envelope;
}

std::vector<std::string> domains(int count) {
  std::vector<std::string> all;
  for (int i = 0; i < count; ++i) all.push_back("u@d" + std::to_string(i) + ".example");
  return all;
}

}  // namespace

TEST_CASE("waiting mail: a message weighs by its different domains and the length of their names, not by its recipients alone") {
  CHECK(weight_of(to({"a@b.example"})).message < 300);
  const auto long_name = "u@" + std::string(60, 'a') + "." + std::string(60, 'b') + "." + std::string(60, 'c') + ".example";
  CHECK(weight_of(to({long_name})).destination >= weight_of(to({"a@b.example"})).destination + 300);
  CHECK(weight_of(to({"a@b.example", long_name})).message >= weight_of(to({"a@b.example", "a@c.example"})).message + 300);
  CHECK(weight_of(to({"a@b.example", long_name})).name == weight_of(to({"b@b.example"})).name);
  const std::vector<std::string> same(1000, "a@b.example");
  CHECK(weight_of(to(same)).message < 10'000);
  CHECK(weight_of(to(domains(1000))).message > 1'600'000);
}

TEST_CASE("waiting mail: a user has as much as he leaves free, alone half, and another one always finds something") {
  WaitingMail mail(1000);
  while (mail.fits(ShareOwner::user(33), 10)) mail.add(ShareOwner::user(33), 10);
  CHECK(mail.octets_of(ShareOwner::user(33)) == 500);
  CHECK(mail.fits(ShareOwner::user(34), 250));
  CHECK_FALSE(mail.fits(ShareOwner::user(34), 251));
  mail.remove(ShareOwner::user(33), 200);
  CHECK(mail.octets() == 300);
  CHECK(mail.fits(ShareOwner::user(33), 100));
  CHECK(mail.fits(ShareOwner::user(34), 350));
}

TEST_CASE("waiting mail: who holds nothing has a little room, whatever some hundred others hold") {
  constexpr std::uint64_t kLimit = 4096 * 1000;
  queue::WaitingMail mail(kLimit);
  for (int uid = 1; uid <= 20; ++uid)
    while (mail.fits(ShareOwner::user(uid), 1000)) mail.add(ShareOwner::user(uid), 1000);
  REQUIRE(mail.octets() > kLimit - 2000);
  CHECK(mail.fits(ShareOwner::user(33), 1000));
  CHECK_FALSE(mail.fits(ShareOwner::user(33), 1001));
  CHECK_FALSE(mail.fits(ShareOwner::user(1), 1));
  int owners = 0;
  for (int uid = 100; mail.fits(ShareOwner::user(uid), 1000); ++uid, ++owners) mail.add(ShareOwner::user(uid), 1000);
  CHECK(owners >= 240);
  CHECK(mail.octets() <= kLimit + kLimit / 16);
}

TEST_CASE("waiting mail: all whose user is not known are one") {
  WaitingMail mail(1000);
  mail.add(ShareOwner::user(-1), 300);
  mail.add(ShareOwner::user(-7), 200);
  CHECK(mail.octets_of(ShareOwner::user(-1)) == 500);
  CHECK_FALSE(mail.fits(ShareOwner::user(-2), 10));
}

namespace {

struct Crowded : queue::SpoolFixture {
  Crowded() {
    options.memory = 64 * 1024;
    REQUIRE(open());
  }
  Result<queue::QueueId> hand_in(std::int64_t uid, std::vector<std::string> recipients = {"b@example.org"}) {
    auto message = queue::new_message(std::move(recipients));
    message.envelope.submitter.uid = uid;
    return store(std::move(message));
  }
  Result<queue::QueueId> hand_in_by_smtp(const ShareOwner& share) {
    auto message = queue::new_message();
    message.envelope.submitter.share = share;
    return store(std::move(message));
  }
  // The number accepted until one is refused.
  int fill(std::int64_t uid, const std::vector<std::string>& recipients = {"b@example.org"}) {
    int taken = 0;
    while (taken < 1000 && hand_in(uid, recipients)) ++taken;
    return taken;
  }
};

}  // namespace

TEST_CASE("spool: mail of a user that takes too much memory is refused for now, and the error says whose it is and how much") {
  Crowded fixture;
  const int taken = fixture.fill(33);
  CHECK(taken > 50);
  CHECK(taken < 150);
  const auto refused = fixture.hand_in(33);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().is_transient());
  CHECK(refused.error().message.find("uid 33") != std::string::npos);
  CHECK(refused.error().message.find("[spool] memory") != std::string::npos);
  CHECK(fixture.hand_in(0));
}

TEST_CASE("spool: a message to many domains is refused where one to the same number of recipients in one domain is not") {
  Crowded fixture;
  CHECK_FALSE(fixture.hand_in(33, domains(50)));
  CHECK(fixture.hand_in(33, std::vector<std::string>(50, "b@example.org")));
}

TEST_CASE("spool: what has ended gives its memory back, whatever its number of recipients") {
  Crowded fixture;
  const auto recipients = GENERATE(std::vector<std::string>{"b@example.org"}, domains(5));
  const int taken = fixture.fill(33, recipients);
  REQUIRE(taken > 1);
  for (const auto id : fixture.spool->ids(false))
    for (std::uint32_t i = 0; i < recipients.size(); ++i)
      fixture.spool->settle(queue::settlement(id, i, queue::RecipientStage::delivered), nullptr);
  fixture.commit();
  CHECK(fixture.fill(33, recipients) == taken);
}

TEST_CASE("spool: after a restart the mail of earlier runs counts, and all of it is taken up") {
  Crowded fixture;
  const auto recipients = GENERATE(std::vector<std::string>{"b@example.org"}, domains(5));
  const int taken = fixture.fill(33, recipients);
  REQUIRE(fixture.open_unread());
  REQUIRE(fixture.hand_in(33, recipients));  // before it is read
  REQUIRE(fixture.spool->recover([&](const queue::Message& m) { fixture.found.push_back(m); }, [](const auto&) {}));
  CHECK(fixture.found.size() == static_cast<std::size_t>(taken));
  CHECK_FALSE(fixture.hand_in(33, recipients));
  CHECK(fixture.hand_in(34));
}

TEST_CASE("spool: who hands in over loopback fills his own share, by whichever way, before and after a restart") {
  Crowded fixture;
  const auto share = ShareOwner::user(33);
  int taken = 0;
  while (taken < 1000 && fixture.hand_in_by_smtp(share)) ++taken;
  CHECK(taken > 50);
  CHECK(taken < 150);
  for (int run = 0; run < 2; ++run) {
    CHECK_FALSE(fixture.hand_in(33));
    CHECK(fixture.hand_in_by_smtp(ShareOwner::user(34)));
    CHECK(fixture.hand_in_by_smtp(ShareOwner::ipv4(34)));
    CHECK(fixture.hand_in_by_smtp({}));
    REQUIRE(fixture.open());
  }
  CHECK(fixture.hand_in_by_smtp(share).error().message.find("uid 33") != std::string::npos);
}

TEST_CASE("waiting mail: notices of one user have bounded room beyond his mail, and leave all others theirs") {
  WaitingMail mail(100'000);
  while (mail.fits(proto::ShareOwner::user(33), 300)) mail.add(proto::ShareOwner::user(33), 300);
  REQUIRE(mail.fits_notice(proto::ShareOwner::user(33)));
  while (mail.fits_notice(proto::ShareOwner::user(33))) mail.add(proto::ShareOwner::user(33), 300);
  CHECK(mail.octets_of(proto::ShareOwner::user(33)) < 65'000);
  CHECK(mail.fits(proto::ShareOwner::user(34), 15'000));
  CHECK(mail.fits_notice(proto::ShareOwner::user(34)));
}

TEST_CASE("spool: a notice is kept however much mail waits") {
  Crowded fixture;
  const auto about = *fixture.hand_in(-1);
  fixture.fill(-1);
  auto notice = queue::new_message();
  notice.envelope.is_notice = true;
  notice.notice_for.push_back({about, {0}, queue::NewMessage::NoticeFor::Kind::failure});
  CHECK(fixture.store(std::move(notice)));
}
