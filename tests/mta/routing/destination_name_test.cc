// The destination of a recipient, and the spool's name for the backoff of its lookup.
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
proto::Mailbox mailbox(const std::string& text) { return proto::Mailbox::parse(text).value(); }

mta::Config config() { return mta::parse_config("local_domains = [\"here.example\"]\n", "x.toml").value(); }

proto::Envelope envelope_to(const std::vector<std::string>& addresses) {
  proto::Envelope envelope;
  for (const auto& address : addresses) envelope.recipients.push_back({proto::Mailbox::parse(address).value()});
  return envelope;
}

}  // namespace

TEST_CASE("destination name: where this host keeps all mail its domains are one destination, which has no domain") {
  const auto rules = config();
  const auto here = mailbox("bob@here.example");
  const proto::Envelope envelope;
  const mta::routing::RecipientRouting routing(envelope, rules);
  CHECK(routing.destination_of(here).ref() == DestinationRef::mailbox());
  CHECK(routing.is_destination_of(here, DestinationRef::mailbox()));
  CHECK_FALSE(DestinationRef::mailbox().domain());
  CHECK(DestinationRef::mailbox().shown() == "local");
}

TEST_CASE("destination name: where mail goes to users each is a destination, whatever the domain, the case and the tag") {
  const auto rules =
      mta::parse_config("local_domains = [\"here.example\", \"h.example\"]\n[local]\ndeliver = \"mbox\"\n", "x.toml").value();
  const proto::Envelope envelope;
  const mta::routing::RecipientRouting routing(envelope, rules);
  const DestinationName bob = routing.destination_of(mailbox("bob@here.example"));
  CHECK(bob.text() == "local:bob");
  CHECK(bob.ref().is_local());
  CHECK_FALSE(bob.ref().is_mailbox());
  CHECK(bob.ref().user() == "bob");
  CHECK_FALSE(bob.ref().domain());
  CHECK(bob.ref().route().empty());
  for (const std::string same : {"Bob@here.example", "bob+x@h.example", "\"bob\"@h.example"}) {
    CHECK(routing.destination_of(mailbox(same)) == bob);
    CHECK(routing.is_destination_of(mailbox(same), bob));
  }
  for (const std::string other : {"alice@here.example", "bob@there.example", "+bob@here.example", "\"bob via office\"@here.example"}) {
    CHECK_FALSE(routing.destination_of(mailbox(other)) == bob);
    CHECK_FALSE(routing.is_destination_of(mailbox(other), bob));
    CHECK_FALSE(routing.is_destination_of(mailbox(other), DestinationRef::mailbox()));
  }
  const auto names = mta::routing::destinations_of(
      envelope_to({"bob@here.example", "a@b.example", "BOB+x@h.example", "alice@here.example", "c@b.example"}), rules);
  std::vector<std::string> shown;
  for (const DestinationName& name : names) shown.emplace_back(name.ref().shown());
  CHECK(shown == std::vector<std::string>{"local:bob", "b.example", "local:alice"});
}

TEST_CASE("destination name: a domain that is not local, or an address literal, is a destination of its own") {
  const auto rules = config();
  const proto::Envelope envelope;
  const mta::routing::RecipientRouting routing(envelope, rules);
  for (const std::string text : {"there.example", "local", "lookup", "[192.0.2.1]", "[ipv6:2001:db8::1]"}) {
    INFO(text);
    const auto there = domain(text);
    const auto someone = mailbox("a@" + text);
    const DestinationName name = routing.destination_of(someone);
    CHECK_FALSE(name.ref().is_mailbox());
    CHECK(name.ref().domain() == there);
    CHECK(name.ref().shown() == text);
    CHECK(name.ref().route().empty());
    CHECK(DestinationName(name.ref()) == name);
    CHECK(routing.is_destination_of(someone, name));
  }
}

TEST_CASE("destination name: with the route of its sender a domain is another destination, unless all mail takes that way") {
  const std::string senders =
      "[route.office]\nhost = \"hub.example\"\n[sender.\"a@x.example\"]\nroute = \"office\"\n"
      "[sender.\"b@x.example\"]\nroute = \"direct\"\n[destination.\"own.example\"]\nroute = \"direct\"\n";
  const auto with_default = mta::parse_config("[route]\nhost = \"hub.example\"\n" + senders, "x.toml").value();
  const auto without = mta::parse_config(senders, "x.toml").value();
  const auto name = [](const std::string& sender, const std::string& to, const mta::Config& rules) {
    proto::Envelope envelope;
    envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse(sender).value());
    const mta::routing::RecipientRouting routing(envelope, rules);
    const DestinationName found = routing.destination_of(mailbox("x@" + to));
    CHECK(routing.is_destination_of(mailbox("x@" + to), found));
    CHECK(found.ref().domain() == domain(to));
    CHECK_FALSE(routing.is_destination_of(mailbox("x@" + to), DestinationRef::of_text(found.text() + "x")));
    if (!found.ref().route().empty()) CHECK_FALSE(routing.is_destination_of(mailbox("x@" + to), DestinationRef(domain(to))));
    return found.text();
  };
  CHECK(name("a@x.example", "there.example", with_default) == "there.example via office");
  CHECK(name("a@x.example", "[ipv6:2001:db8::1]", with_default) == "[ipv6:2001:db8::1] via office");
  CHECK(name("b@x.example", "there.example", with_default) == "there.example via direct");
  CHECK(name("b@x.example", "there.example", without) == "there.example");
  CHECK(name("c@x.example", "there.example", with_default) == "there.example");
  CHECK(name("a@x.example", "own.example", with_default) == "own.example");
}

TEST_CASE("destination name: what the sender wishes of TLS makes another destination of the same domain, and nothing of a local one") {
  const auto rules = mta::parse_config(
                         "local_domains = [\"here.example\"]\n[route.office]\nhost = \"hub.example\"\n"
                         "[sender.\"a@x.example\"]\nroute = \"office\"\n",
                         "x.toml")
                         .value();
  using proto::TlsWish;
  for (const std::string sender : {"a@x.example", "b@x.example"}) {
    const std::string by = sender[0] == 'a' ? " via office" : "";
    for (const auto& [wish, text] :
         {std::pair(TlsWish::usual, ""), std::pair(TlsWish::require, " requiretls"), std::pair(TlsWish::waive, " tls-not-required")}) {
      proto::Envelope envelope;
      envelope.reverse_path = proto::ReversePath(mailbox(sender));
      envelope.tls = wish;
      const mta::routing::RecipientRouting routing(envelope, rules);
      const DestinationName name = routing.destination_of(mailbox("x@there.example"));
      CHECK(name.text() == "there.example" + by + text);
      CHECK(name.ref().domain() == domain("there.example"));
      CHECK(name.ref().route() == (by.empty() ? "" : "office"));
      CHECK(name.ref().tls() == wish);
      for (const TlsWish other : {TlsWish::usual, TlsWish::require, TlsWish::waive}) {
        const DestinationName of_other(domain("there.example"), name.ref().route(), other);
        CHECK(routing.is_destination_of(mailbox("x@there.example"), of_other) == (other == wish));
      }
      CHECK(routing.destination_of(mailbox("bob@here.example")).ref().tls() == TlsWish::usual);
    }
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
  const BackoffKey by_sender = BackoffKey::of_lookup(DestinationName(there, "office", proto::TlsWish::usual));
  CHECK(by_sender.stored() == "lookup:there.example via office");
  CHECK(BackoffKey::of_record(by_sender.stored()) == by_sender);
  for (const std::string text :
       {"there.example:25", "lookup.example:25", "lookup:25", "lookup:25 route", "mx1.example,mx2.example:25 route"}) {
    INFO(text);
    CHECK(BackoffKey::of_site(text).stored() == text);
    CHECK(BackoffKey::of_record(text) == BackoffKey::of_site(text));
  }
}

TEST_CASE("destination name: each command of an alias is a destination, also where this host keeps all mail, and is that of no user") {
  const auto rules = config();
  const auto command = mailbox("list/1@alias-command.invalid");
  const proto::Envelope envelope;
  const mta::routing::RecipientRouting routing(envelope, rules);
  const DestinationName name = routing.destination_of(command);
  CHECK(name.ref().is_command());
  CHECK(name.ref().is_local());
  CHECK_FALSE(name.ref().is_mailbox());
  CHECK(routing.is_destination_of(command, name));
  CHECK_FALSE(routing.is_destination_of(mailbox("list/2@alias-command.invalid"), name));
  for (const char* user : {"\"COMMAND list/1\"@here.example", "\"command list/1\"@here.example", "list/1@here.example"})
    CHECK(DestinationName::of_user(mailbox(user)) != name);
  CHECK(mta::routing::destinations_of(envelope_to({"list/1@alias-command.invalid", "bob@here.example", "list/1@alias-command.invalid"}),
                                      rules)
            .size() == 2);
}
