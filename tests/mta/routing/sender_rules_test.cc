// Rights to send as an address, and the route of the mail: by tables of senders, users, and claimed addresses.
#include "mta/routing/sender_rules.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "proto/envelope.h"

namespace mxpress::testing {
namespace {

using mta::routing::Authors;
using mta::routing::authors_of;

constexpr std::int64_t kBoss = 4001, kShop = 4002, kMallory = 4666;

const std::string kTables =
    "[route.boss]\nhost = \"smtp.boss.example\"\n[route.shop]\nhost = \"smtp.shop.example\"\n"
    "[sender.\"Boss@Here.example\"]\nroute = \"boss\"\nusers = [4001]\n"
    "[sender.\"@shop.example\"]\nroute = \"shop\"\nusers = [4001, 4002]\nothers = \"direct\"\n"
    "[sender.\"@open.example\"]\nroute = \"shop\"\n";

mta::SenderTable tables(const std::string& more = {}) {
  const auto config = mta::parse_config(kTables + more, "x.toml");
  INFO((config ? "" : config.error().message));
  REQUIRE(config);
  return config->senders;
}

proto::Envelope envelope_of(std::int64_t uid, const std::string& sender) {
  proto::Envelope envelope;
  if (!sender.empty()) envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse(sender).value());
  envelope.submitter.uid = uid;
  return envelope;
}

// The result for a message with this From: "refused", or its route, followed by " signed" if here.example may sign it.
std::string fate(const mta::SenderTable& senders, proto::Envelope envelope, const std::string& from) {
  const Authors authors = authors_of("From: " + from + "\r\n");
  envelope.author = mta::routing::deciding_author(senders, authors);
  envelope.is_as_other = !mta::routing::may_send(senders, envelope, authors);
  if (mta::routing::sender_refusal(senders, envelope, authors)) return "refused";
  const auto here = proto::Domain::parse("here.example").value();
  return std::string(mta::routing::sender_route(senders, envelope)) +
         (mta::routing::may_sign(senders, envelope, authors, here) ? " signed" : "");
}

std::string fate(std::int64_t uid, const std::string& sender, const std::string& from, const std::string& more = {}) {
  return fate(tables(more), envelope_of(uid, sender), from);
}

}  // namespace

TEST_CASE("sender rules: the address in From decides, else the reverse-path; the nearest table of each") {
  CHECK(fate(kBoss, "boss@here.example", "boss@here.example") == "boss signed");
  CHECK(fate(kBoss, "bounces@shop.example", "Boss <BOSS@here.example>") == "boss signed");
  CHECK(fate(kShop, "bounces@shop.example", "someone@else.example") == "shop signed");
  CHECK(fate(kShop, "", "news@shop.example") == "shop signed");
  CHECK(fate(kShop, "mail@here.example", "mail@here.example") == " signed");
  CHECK(fate(kShop, "mail@sub.shop.example", "mail@sub.shop.example") == " signed");
  CHECK(fate(kMallory, "a@open.example", "a@open.example") == "shop signed");
}

TEST_CASE("sender rules: who is not listed is refused or goes direct and unsigned, wherever he claims the address") {
  for (const std::string from :
       {"boss@here.example", "\"boss\"@here.example", "\"bo\\ss\"@here.example", "boss (x@else.example) @here.example", "BOSS@HERE.EXAMPLE",
        "x@else.example, boss@here.example", "\"x@else.example\" <boss@here.example>", "x@else.example\r\nFrom: boss@here.example"}) {
    INFO(from);
    CHECK(fate(kMallory, "mallory@here.example", from) == "refused");
    CHECK(fate(kBoss, "mallory@here.example", from) != "refused");
  }
  CHECK(fate(kMallory, "boss@here.example", "mallory@here.example") == "refused");
  CHECK(fate(kMallory, "news@shop.example", "mallory@here.example") == "direct");
  CHECK(fate(kMallory, "mallory@here.example", "news@shop.example") == "direct");
  CHECK(fate(kBoss, "mallory@here.example", "news@shop.example") == "shop signed");
}

TEST_CASE("sender rules: with a From field that cannot be read anybody may be meant: those who may not send as all are refused") {
  const std::string kTwoOthers = "a@else.example, b@else.example", kTwoFields = "x@else.example\r\nFrom: y@else.example";
  std::string many;
  for (int i = 0; i < 100; ++i) many += "a" + std::to_string(i) + "@else.example, ";
  const std::vector<std::string> unreadable = {"(boss@here.example",
                                               "boss@here.example (",
                                               "<boss@here.example",
                                               "boss@here.example>, x@else.example",
                                               kTwoOthers,
                                               kTwoFields,
                                               "boss@here.example:;",
                                               "",
                                               "boss@here.example\\, <mallory@here.example>",
                                               "boss@here.example x <mallory@here.example>",
                                               "b.\"oss\"@here.example",
                                               "b\xC3\xB6ss@here.example",
                                               many + "boss@here.example"};
  for (const std::string& from : unreadable) {
    INFO(from.substr(0, 100));
    CHECK(fate(kMallory, "mallory@here.example", from) == (from == kTwoOthers || from == kTwoFields ? "" : "refused"));
    CHECK_THAT(fate(kBoss, "boss@here.example", from), Catch::Contains("signed"));
  }
}

TEST_CASE("sender rules: the key of a domain whose senders are listed signs nothing for others, whoever the author is") {
  const std::string whole = "[sender.\"@here.example\"]\nusers = [4001]\n";
  CHECK(fate(kMallory, "a@else.example", "a@else.example") == " signed");
  CHECK(fate(kMallory, "a@else.example", "a@else.example", whole).empty());
  CHECK(fate(kMallory, "a@sub.here.example", "a@sub.here.example", whole).empty());
  CHECK(fate(kBoss, "a@else.example", "a@else.example", whole) == " signed");
}

TEST_CASE("sender rules: root and notices may send as anybody, a client whose user is not known as nobody who is listed") {
  CHECK(fate(0, "boss@here.example", "boss@here.example") == "boss signed");
  CHECK(fate(-1, "boss@here.example", "boss@here.example") == "refused");
  proto::Envelope by_smtp = envelope_of(-1, "boss@here.example");
  by_smtp.submitter.share = proto::ShareOwner::user(kBoss);  // the client's socket names him
  CHECK(fate(tables(), by_smtp, "boss@here.example") == "boss signed");
  by_smtp.submitter.share = proto::ShareOwner::ipv4(kBoss);
  CHECK(fate(tables(), by_smtp, "boss@here.example") == "refused");
  proto::Envelope notice = envelope_of(-1, "");
  notice.is_notice = true;
  CHECK(fate(tables("[sender.\"@here.example\"]\nusers = []\n"), notice, "MAILER-DAEMON@here.example") == " signed");
}

TEST_CASE("sender rules: \"*\" is for mail whose addresses have no table") {
  const std::string all = "[sender.\"*\"]\nroute = \"shop\"\nusers = [4002]\n";
  CHECK(fate(kShop, "a@else.example", "a@else.example", all) == "shop signed");
  CHECK(fate(kMallory, "a@else.example", "a@else.example", all) == "refused");
  CHECK(fate(kMallory, "", "unreadable <", all) == "refused");
  CHECK(fate(kMallory, "a@open.example", "a@else.example", all) == "refused");
  CHECK(fate(kMallory, "a@open.example", "a@open.example, a@else.example", all) == "refused");
  CHECK(fate(kMallory, "mallory@elsewhere.example", "a@open.example", all) == "shop signed");  // as a program leaves it
  CHECK(fate(kBoss, "boss@here.example", "boss@here.example", all) == "boss signed");
}

TEST_CASE("sender rules: an address in angle brackets is one, whatever follows") {
  for (const std::string from : {"Boss <boss@here.example>:mallory@here.example", "<boss@here.example> :;, mallory@here.example",
                                 "<mallory@here.example> boss@here.example", "Boss <boss@here.example>\r\n :mallory@here.example;"}) {
    INFO(from);
    CHECK(fate(kMallory, "mallory@here.example", from) == "refused");
    CHECK_THAT(fate(kBoss, "boss@here.example", from), Catch::Contains("signed"));
  }
}

TEST_CASE("sender rules: an unquoted name that other programs take for an address is one") {
  for (const std::string from : {"boss@here.example: mallory@here.example;", "boss@here.example <mallory@here.example>",
                                 "x: boss@here.example <mallory@here.example>;"}) {
    INFO(from);
    CHECK(fate(kMallory, "mallory@here.example", from) == "refused");
    CHECK(fate(kBoss, "boss@here.example", from) == "boss signed");
  }
  CHECK(fate(kMallory, "mallory@here.example", "mallory@here.example <mallory@here.example>") == " signed");
  CHECK(fate(kMallory, "mallory@here.example", "\"boss@here.example\" <mallory@here.example>") == " signed");
}

TEST_CASE("sender rules: who goes direct does so whatever else his From names") {
  const auto senders =
      mta::parse_config("[route]\nhost = \"smtp.shop.example\"\n[sender.\"@shop.example\"]\nusers = []\nothers = \"direct\"\n", "x");
  REQUIRE(senders);
  for (const std::string from : {"news@shop.example", "a@else.example, news@shop.example", "news@shop.example, a@else.example",
                                 "a@else.example (", "news@shop.example\r\nFrom: news@shop.example"}) {
    INFO(from);
    CHECK(fate(senders->senders, envelope_of(kMallory, "mallory@here.example"), from) == "direct");
  }
}

TEST_CASE("sender rules: the first of several authors who has a table decides the way") {
  CHECK(fate(kBoss, "x@else.example", "x@else.example, boss@here.example, news@shop.example") == "boss signed");
  CHECK(fate(kBoss, "x@else.example", "y@else.example, news@shop.example") == "shop signed");
}

TEST_CASE("sender rules: nothing near a listed domain is signed for others if there are several authors") {
  const auto senders = mta::parse_config("[sender.\"boss@example.org\"]\nusers = []\nothers = \"direct\"\n", "x");
  REQUIRE(senders);
  for (const char* const key : {"example.org", "mail.example.org", "org"})
    CHECK_FALSE(mta::routing::may_sign(senders->senders, envelope_of(kMallory, "a@else.example"),
                                       authors_of("From: a@else.example, b@else.example\r\n"), proto::Domain::parse(key).value()));
  CHECK(mta::routing::may_sign(senders->senders, envelope_of(kMallory, "a@else.example"),
                               authors_of("From: a@else.example, b@else.example\r\n"), proto::Domain::parse("else.example").value()));
}

TEST_CASE("sender rules: what a ~/.forward has made goes by a table, signed, only if its user may send so, too") {
  const std::string all = "[sender.\"*\"]\nroute = \"shop\"\nusers = [4001]\n";
  const auto senders = tables(all);
  const auto way = [&](proto::Envelope envelope, std::int64_t forwarder, const std::string& from) {
    envelope.submitter.forwarder = forwarder;
    const auto authors = authors_of("From: " + from + "\r\n");
    envelope.author = mta::routing::deciding_author(senders, authors);
    const bool is_signed = mta::routing::may_sign(senders, envelope, authors, proto::Domain::parse("here.example").value());
    return std::string(mta::routing::sender_route(senders, envelope)) + (is_signed ? " signed" : "");
  };
  const auto by_boss = envelope_of(kBoss, "boss@here.example"), by_root = envelope_of(0, "root@here.example");
  auto notice = envelope_of(-1, "");
  notice.is_notice = true;
  CHECK(way(by_boss, kBoss, "boss@here.example") == "boss signed");
  CHECK(way(by_boss, kMallory, "boss@here.example") == std::string(mta::kDirectRoute));
  CHECK(way(by_root, kBoss, "root@here.example") == "shop signed");
  CHECK(way(by_root, kMallory, "root@here.example") == std::string(mta::kDirectRoute));
  CHECK(way(notice, kBoss, "mailer-daemon@here.example") == "shop signed");
  CHECK(way(notice, kMallory, "mailer-daemon@here.example") == std::string(mta::kDirectRoute));
}

TEST_CASE("sender rules: the refusal names the user, the address and the table") {
  const auto envelope = envelope_of(kMallory, "mallory@here.example");
  const auto why = mta::routing::sender_refusal(tables(), envelope, authors_of("From: boss@here.example\r\n"));
  CHECK(why == "The user with uid 4666 may not send as boss@here.example, by [sender.\"boss@here.example\"] users of this host");
  const auto unreadable = mta::routing::sender_refusal(tables(), envelope, authors_of("From: boss@here.example (\r\n"));
  CHECK(unreadable ==
        "The user with uid 4666 may not send mail whose From cannot be read, by [sender.\"boss@here.example\"] users of this host");
}

TEST_CASE("sender rules: mail that was taken in before the table that refuses it goes direct") {
  const auto envelope = envelope_of(kMallory, "boss@here.example");
  CHECK(mta::routing::sender_route({}, envelope).empty());
  const auto now = tables();
  CHECK(mta::routing::sender_route(now, envelope) == mta::kDirectRoute);
}

}  // namespace mxpress::testing
