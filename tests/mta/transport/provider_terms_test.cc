// Limits of providers for connections.
#include "mta/transport/provider_terms.h"

#include <catch2/catch.hpp>

#include "dns/target.h"
#include "mta/config/config.h"
#include "mta/events/hub.h"
#include "mta/replies/rule_set.h"
#include "mta/transport/smtp_transport.h"
#include "mta/transport/target_connections.h"
#include "tests/support/memory_stream.h"

using namespace mxpress;
using namespace mxpress::mta;
using transport::provider_terms;

namespace {

const dns::Target kOne{"mx1.big.example", dns::Address{false, {192, 0, 2, 1}}, 25, false};
const dns::Target kTwo{"mx2.big.example", *dns::Address::parse("2001:db8::2"), 25, false};
const dns::Target kOther{"mx.small.example", dns::Address{false, {192, 0, 2, 3}}, 25, false};

struct Scene {
  std::shared_ptr<Config> config = std::make_shared<Config>();
  transport::Order order;

  Scene() {
    replies::RuleSet rules;
    rules.add(replies::ProviderLimits{"big", {"big.example"}, 3, 20, 10, {}});
    order.rules = std::make_shared<const replies::RuleSet>(std::move(rules));
    order.config = config;
    order.most_connections = config->delivery.max_sessions_per_site;
  }
};

}  // namespace

TEST_CASE("provider terms: a provider's limits count for all its hosts together") {
  Scene scene;
  const auto one = provider_terms(scene.order, kOne);
  CHECK((one.most_connections == 3 && one.most_messages == 20 && one.most_recipients == 10));
  CHECK(one.place.address == provider_terms(scene.order, kTwo).place.address);
  CHECK(one.place.address != kOne.address);
  CHECK(one.place.host == kOne.address);
}

TEST_CASE("provider terms: other hosts keep the limits of the configuration, and count by their address") {
  Scene scene;
  const auto terms = provider_terms(scene.order, kOther);
  CHECK(terms.place.address == kOther.address);
  CHECK_FALSE(terms.place.pool);
  CHECK(terms.most_connections == 10);
  CHECK(terms.most_messages == transport::SmtpTransport::kMostTransactions);
  CHECK(terms.most_recipients == 100);
}

TEST_CASE("provider terms: a value of the configuration counts before a provider's limit") {
  Scene scene;
  scene.order.most_connections = 30;
  scene.config->delivery.max_recipients = 50;
  const auto terms = provider_terms(scene.order, kOne);
  CHECK((terms.most_connections == 30 && terms.most_recipients == 50 && terms.most_messages == 20));
  CHECK(terms.place.address == kOne.address);
}

TEST_CASE("provider terms: they hold for mail hosts from the DNS alone") {
  Scene scene;
  scene.order.is_by_route = true;
  CHECK(provider_terms(scene.order, kOne).most_connections == 10);
  scene.order.is_by_route = false;
  scene.order.rules = nullptr;
  CHECK(provider_terms(scene.order, kOne).place.address == kOne.address);
}

TEST_CASE("provider terms: a host is busy while another host of its provider has the last connection, and no longer") {
  Scene scene;
  asio::io_context io;
  testing::MemoryConnector connector{io.get_executor()};
  events::Hub events;
  const auto connections = std::make_shared<transport::TargetConnections>();
  transport::SmtpTransport smtp{{io, connector, events, nullptr, 1, 0, connections}};
  scene.order.owner = fairness::Owner::user(1001);
  scene.order.targets = {kTwo};
  const auto open = [&](std::int64_t uid) {
    return connections->open(provider_terms(scene.order, kOne).place, {nullptr, 1, fairness::Owner::user(uid)}, 3);
  };
  open(1001)->took_mail();
  std::vector<std::optional<transport::TargetConnections::Hold>> held;
  for (int i = 0; i < 3; ++i) held.push_back(open(1002 + i));
  REQUIRE(smtp.busy_now(scene.order));
  CHECK(smtp.busy_now(scene.order)->text == "waits for its turn at big: 3 of at most 3 connections to that provider are in use");
  scene.order.targets = {kOther};
  CHECK_FALSE(smtp.busy_now(scene.order));
  held.clear();
  scene.order.targets = {kTwo};
  CHECK_FALSE(smtp.busy_now(scene.order));
}
