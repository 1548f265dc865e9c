// Copies, redirection and hold, by the configuration.
#include "mta/routing/recipients.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/routing/destination_name.h"
#include "mta/routing/route.h"
#include "proto/envelope.h"

namespace mxpress::testing {
namespace {

mta::Config parsed(const std::string& toml) {
  auto config = mta::parse_config("local_domains = [\"here.example\"]\n" + toml, "x.toml");
  INFO((config ? "" : config.error().message));
  REQUIRE(config);
  return std::move(*config);
}

proto::Mailbox box(const std::string& text) { return proto::Mailbox::parse(text).value(); }

std::vector<proto::Recipient> recipients(const std::vector<std::string>& addresses) {
  std::vector<proto::Recipient> all;
  for (const auto& address : addresses) all.push_back({box(address), {}, {}});
  return all;
}

std::vector<std::string> addresses(const std::vector<proto::Recipient>& recipients) {
  std::vector<std::string> all;
  for (const auto& recipient : recipients) all.push_back(recipient.mailbox.to_string());
  return all;
}

using Addresses = std::vector<std::string>;

}  // namespace

TEST_CASE("always_bcc: each message has the archive once, and nobody is told if that cannot be had") {
  const auto config = parsed("always_bcc = \"archive@else.example\"\n");
  auto some = recipients({"a@there.example"});
  mta::routing::add_always_bcc(config, some);
  CHECK(addresses(some) == Addresses{"a@there.example", "archive@else.example"});
  CHECK(some[1].notify.never());
  mta::routing::add_always_bcc(config, some);
  CHECK(some.size() == 2);
  mta::routing::add_always_bcc(parsed(""), some);
  CHECK(some.size() == 2);
  const auto local = parsed("always_bcc = \"root@here.example\"\n[local]\naliases = { root = \"admin@else.example\" }\n");
  mta::routing::add_always_bcc(local, some);
  CHECK(addresses(some).back() == "admin@else.example");
}

TEST_CASE("redirect: one address gets what would leave this host, and the header names for whom it was") {
  const auto config = parsed("redirect = \"staging@test.example\"\n");
  auto some = recipients({"a@there.example", "root@here.example", "b@other.example"});
  CHECK(mta::routing::redirect_recipients(config, some) == "X-Original-To: a@there.example,\r\n b@other.example\r\n");
  CHECK(addresses(some) == Addresses{"root@here.example", "staging@test.example"});
  auto local = recipients({"root@here.example"});
  CHECK(mta::routing::redirect_recipients(config, local).empty());
  CHECK(addresses(local) == Addresses{"root@here.example"});
  auto off = recipients({"a@there.example"});
  CHECK(mta::routing::redirect_recipients(parsed(""), off).empty());
  CHECK(addresses(off) == Addresses{"a@there.example"});
}

TEST_CASE("redirect: of thousands of recipients a hundred are named, and the others counted") {
  Addresses many;
  for (int i = 0; i < 10'000; ++i) many.push_back("a" + std::to_string(i) + "@there.example");
  auto all = recipients(many);
  const std::string field = mta::routing::redirect_recipients(parsed("redirect = \"staging@test.example\"\n"), all);
  CHECK(field.size() < 4000);
  CHECK_THAT(field, Catch::EndsWith(" a99@there.example\r\n (and 9900 more)\r\n"));
  CHECK(addresses(all) == Addresses{"staging@test.example"});
}

TEST_CASE("hold: by destination, by sender and for all, but not for local mail; the way after its release is that of other mail") {
  const auto reason = [](const std::string& toml, const std::string& sender, const Addresses& to) {
    proto::Envelope envelope;
    envelope.reverse_path = proto::ReversePath(box(sender));
    envelope.recipients = recipients(to);
    return mta::routing::hold_reason(parsed(toml), envelope);
  };
  const std::string destination = "[destination.\"there.example\"]\nroute = \"hold\"\n";
  const std::string sender = "[sender.\"@x.example\"]\nroute = \"hold\"\n";
  const std::string all = "[route]\ntransport = \"hold\"\n";
  const std::string by_name = "Held for there.example by route = \"hold\" of the configuration";
  CHECK(reason(destination, "a@x.example", {"b@other.example", "c@there.example"}) == by_name);
  CHECK(reason(destination, "a@x.example", {"b@other.example"}).empty());
  CHECK(reason(sender, "a@x.example", {"c@there.example"}) == by_name);
  CHECK(reason(sender, "a@y.example", {"c@there.example"}).empty());
  CHECK(reason(all, "a@x.example", {"c@there.example"}) == "Held for there.example by [route] of the configuration");
  CHECK(reason(all, "a@x.example", {"root@here.example"}).empty());
  CHECK(reason(all + "[destination.\"there.example\"]\nroute = \"direct\"\n", "a@x.example", {"c@there.example"}).empty());

  const auto there = proto::Domain::parse("there.example").value();
  CHECK(mta::routing::route_for(parsed(all), there).is_direct());
  const auto with_route = parsed("[route]\nhost = \"hub.example\"\n" + destination + sender);
  CHECK(mta::routing::route_for(with_route, there).source == "[route]");
  proto::Envelope envelope;
  envelope.reverse_path = proto::ReversePath(box("a@x.example"));
  const auto other = box("x@other.example");
  CHECK(mta::routing::RecipientRouting(envelope, with_route).destination_of(other).text() == "other.example");
}

}  // namespace mxpress::testing
