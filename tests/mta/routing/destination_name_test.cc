// Which destination a recipient belongs to, and what the spool calls the backoff of its lookup.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/backoff_key.h"
#include "mta/routing/destination_name.h"
#include "tests/support/simulation.h"

using namespace mxpress;
using namespace mxpress::testing;
using mta::delivery::BackoffKey;
using mta::routing::DestinationName;
using mta::routing::DestinationRef;

namespace {

proto::Domain domain(const std::string& text) { return proto::Domain::parse(text).value(); }

mta::Config config() { return mta::parse_config("local_domains = [\"here.example\"]\n", "x.toml").value(); }

proto::Envelope envelope_to(const std::vector<std::string>& addresses) {
  proto::Envelope envelope;
  for (const auto& address : addresses) envelope.recipients.push_back({proto::Mailbox::parse(address).value()});
  return envelope;
}

}  // namespace

TEST_CASE("destination name: all local domains are one destination, which has no domain") {
  const auto rules = config();
  const auto here = domain("here.example");
  CHECK(mta::routing::destination_of(here, rules) == DestinationRef::mailbox());
  CHECK_FALSE(DestinationRef::mailbox().domain());
  CHECK(DestinationRef::mailbox().shown() == "local");
}

TEST_CASE("destination name: a domain that is not local, or an address literal, is a destination of its own") {
  const auto rules = config();
  for (const std::string text : {"there.example", "local", "lookup", "[192.0.2.1]", "[ipv6:2001:db8::1]"}) {
    INFO(text);
    const auto there = domain(text);
    const DestinationRef name = mta::routing::destination_of(there, rules);
    CHECK_FALSE(name.is_mailbox());
    CHECK(name.domain() == there);
    CHECK(name.shown() == text);
    CHECK(DestinationName(name).ref() == DestinationRef::of_text(name.text()));
  }
}

TEST_CASE("destination name: an envelope has each destination once, in order of first appearance") {
  const auto names = mta::routing::destinations_of(
      envelope_to({"a@b.example", "root@here.example", "c@a.example", "d@b.example", "root@localhost"}), config());
  std::vector<std::string> shown;
  for (const DestinationName& name : names) shown.emplace_back(name.ref().shown());
  CHECK(shown.front() == "b.example");
  CHECK(shown[1] == "local");
  CHECK(shown[2] == "a.example");
  REQUIRE(shown.size() == 4);  // localhost is not among the local domains here
  CHECK(shown[3] == "localhost");
}

TEST_CASE("backoff key: what the spool stores for a lookup is not what it stores for any site") {
  const auto there = domain("there.example");
  const BackoffKey lookup = BackoffKey::of_lookup(DestinationRef(there));
  CHECK(lookup.stored() == "lookup:there.example");  // spools have it
  CHECK(BackoffKey::of_record(lookup.stored()) == lookup);
  for (const std::string text :
       {"there.example:25", "lookup.example:25", "lookup:25", "lookup:25 route", "mx1.example,mx2.example:25 route"}) {
    INFO(text);
    CHECK(BackoffKey::of_site(text).stored() == text);
    CHECK(BackoffKey::of_record(text) == BackoffKey::of_site(text));
  }
}
