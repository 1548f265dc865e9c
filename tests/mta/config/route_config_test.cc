// The tables of routes and logins in the configuration: [route], [credentials], [sender].
#include <catch2/catch.hpp>

#include "mta/config/config.h"
#include "mta/config/config_fields.h"
#include "mta/config/oauth_config.h"
#include "mta/config/providers.h"
#include "mta/config/rate_rules.h"

using namespace mxpress;
using namespace mxpress::mta;
using namespace std::chrono_literals;

namespace {

Config parsed(const std::string& toml) {
  auto config = parse_config(toml, "x.toml");
  INFO((config ? "" : config.error().message));
  REQUIRE(config);
  return std::move(*config);
}

}  // namespace

TEST_CASE("config: users of a sender are known by their numbers; one whom the host does not have is a warning, and nobody") {
  Config config =
      parsed("hostname = \"a.example\"\n[sender.\"Me@A.example\"]\nroute = \"h.example:25\"\nusers = [\"root\", 4001, \"no such user\"]\n");
  const auto& users = config.senders.at("me@a.example").users;
  REQUIRE(users);
  CHECK(*users == std::vector<LocalUser>{{"root", 0}, {"", 4001}, {"no such user", -1}});
  REQUIRE(config.warnings.size() == 1);
  CHECK_THAT(config.warnings[0], Catch::Contains("[sender.\"me@a.example\"] users: this host has no user \"no such user\""));
  CHECK(config.routes.contains("h.example:25"));
  bool is_shown = false;
  for (const auto& section : config::sections_of(config))
    if (section.heading == "sender.\"me@a.example\"")
      for (const auto& field : section.fields) is_shown = is_shown || field.show() == "[\"root\", 4001, \"no such user\"]";
  CHECK(is_shown);
  CHECK_FALSE(parsed("hostname = \"a.example\"\n[sender.\"@b.example\"]\nroute = \"direct\"\n").senders.at("@b.example").users);
}

TEST_CASE("config: oauth is a provider's name or a table, is shown as it was set, and its login holds a token") {
  const auto shown_oauth = [](const std::string& oauth) {
    Config config = parsed("[credentials.me]\nuser = \"me\"\nclient_id = \"x\"\noauth = " + oauth + "\n");
    CHECK(config.credentials.at("me").kind() == SecretKind::token);
    for (const auto& field : config::fields_of(config.credentials.at("me")))
      if (field.name == "oauth") return field.show();
    return std::string();
  };
  CHECK(shown_oauth("\"google\"") == "\"google\"");
  CHECK(shown_oauth("{ provider = \"microsoft\" }") == "\"microsoft\"");
  const std::string table =
      "{ token_url = \"https://login.example.com/t\", device_url = \"https://login.example.com/d\", scope = \"mail\", ca_file = "
      "\"/ca.pem\", "
      "allow_addresses = [\"10.0.0.0/8\"] }";
  CHECK(shown_oauth(table) == table);
  const std::string own = "{ provider = \"microsoft\", tenant = \"example.com\", scope = \"other\" }";
  CHECK(shown_oauth(own) == own);
  const Config by_mechanism = parsed("[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\nmechanisms = [\"xoauth2\"]\n");
  CHECK(by_mechanism.credentials.at("me").kind() == SecretKind::token);
  CHECK(parsed("[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\n").credentials.at("me").kind() == SecretKind::password);
}

TEST_CASE("config: a certificate needs no user, and takes EXTERNAL alone") {
  const Config config = parsed("[credentials.me]\ncertificate_file = \"/etc/mxpress/client.pem\"\n");
  CHECK(config.credentials.at("me").kind() == SecretKind::certificate);
  const auto mistake = [](const std::string& keys) {
    const auto read = parse_config("[credentials.me]\n" + keys, "test.toml");
    return read ? std::string() : read.error().message;
  };
  CHECK(mistake("certificate_file = \"/c\"\nmechanisms = [\"EXTERNAL\"]\n").empty());
  CHECK_THAT(mistake("certificate_file = \"/c\"\nmechanisms = [\"PLAIN\"]\n"), Catch::Contains("EXTERNAL is for certificate_file"));
  CHECK_THAT(mistake("user = \"me\"\npassword_file = \"/p\"\nmechanisms = [\"EXTERNAL\"]\n"), Catch::Contains("EXTERNAL is for"));
  CHECK_THAT(mistake("user = \"me\"\npassword_file = \"/p\"\ncertificate_file = \"/c\"\n"), Catch::Contains("set one of them"));
}

TEST_CASE("config: a provider's name stands for its host and port, and the route's own keys go before") {
  for (const auto& provider : config::providers()) {
    INFO(provider.name);
    const Config config = parsed("[route]\nprovider = \"" + provider.name + "\"\n");
    CHECK_FALSE(config.route->next_hops.empty());
    CHECK(config.route->port_or(25) != 25);
    CHECK(config.route->source == "[route]");
    CHECK_FALSE(provider.password.empty());
    CHECK((provider.oauth.empty() || is_oauth_provider(provider.oauth)));
  }
  CHECK(config::providers().size() == 15);
  const Config own = parsed("[route]\nport = 2525\nprovider = \"gmail\"\n");
  CHECK(own.route->port == 2525);
  CHECK(own.route->next_hops.hosts.at(0).host == "smtp.gmail.com");
}

TEST_CASE("config: a route's limits are counted for the route, or for all routes that sign in with the same credentials") {
  const Config config = parsed(
      "[route]\nhost = \"a.example\"\nrate = [\"20/m\", \"500/d\"]\n"
      "[route.b]\nhost = \"b.example\"\nauth = \"me\"\nrecipient_rate = \"100/h\"\n"
      "[route.c]\nhost = \"c.example\"\nauth = \"me\"\n"
      "[route.d]\nhost = \"d.example\"\n"
      "[credentials.me]\nuser = \"me\"\npassword_file = \"/a\"\n");
  REQUIRE(config.rate_rules.size() == 2);
  CHECK(config.rate_rules.at("route") == RateRule{"[route]", {{20, 1min}, {500, 24h}}, {}});
  CHECK(config.rate_rules.at("credentials.me") == RateRule{"routes b, c", {}, {{100, 1h}}});
  CHECK(rate_key(config.routes.at("d")) == "route.d");
}

TEST_CASE("config: the limit of a provider holds unless the route has its own, or an empty list") {
  const std::string provider = "[route]\nprovider = \"microsoft365\"\n";
  CHECK(parsed(provider).rate_rules.at("route") == RateRule{"[route]", {{30, 1min}}, {{10'000, 24h}}});
  CHECK(parsed(provider + "rate = \"5/m\"\n").rate_rules.at("route") == RateRule{"[route]", {{5, 1min}}, {{10'000, 24h}}});
  CHECK(parsed(provider + "rate = []\nrecipient_rate = []\n").rate_rules.empty());
  CHECK(parsed("[route]\nprovider = \"gmail\"\n").rate_rules.empty());
}

TEST_CASE("config: rates are shown as they are written") {
  Config config = parsed("[route]\nhost = \"a.example\"\nrate = [\"20/m\", \"500/d\"]\nrecipient_rate = \"1/s\"\n");
  std::map<std::string, std::string> shown;
  for (const auto& section : config::sections_of(config))
    for (const auto& field : section.fields) shown[section.heading + " " + field.name] = field.show();
  CHECK(shown.at("route rate") == "[\"20/m\", \"500/d\"]");
  CHECK(shown.at("route recipient_rate") == "\"1/s\"");
}
