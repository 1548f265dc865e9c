// External addresses of this host's users.
#include "mta/routing/senders.h"

#include <catch2/catch.hpp>

#include "mta/config/config.h"

namespace mxpress::testing {
namespace {

mta::Config config_of(const std::string& toml) { return mta::parse_config("hostname = \"web1.here.example\"\n" + toml, "x.toml").value(); }

std::string sender(const std::string& toml, const std::string& address) {
  const auto other = mta::routing::outside_sender(config_of(toml), proto::Mailbox::parse(address).value());
  return other ? other->to_string() : "as it is";
}

std::string author(const std::string& toml, const std::string& address) {
  return mta::routing::outside_author(config_of(toml), address).value_or("as it is");
}

const std::string kDomain = "sender_domain = \"out.example\"\n";
const std::string kNames = "[local]\nsenders = { Root = \"admin@out.example\", \"*\" = \"web1+{user}@out.example\" }\n";

}  // namespace

TEST_CASE("senders: a local user gets the address that is named for him, else that of all, else the sender domain") {
  CHECK(sender("", "root@web1.here.example") == "as it is");
  CHECK(sender(kDomain, "root@web1.here.example") == "root@out.example");
  CHECK(sender(kDomain, "root@localhost") == "root@out.example");
  CHECK(sender(kDomain + kNames, "ROOT@web1.here.example") == "admin@out.example");
  CHECK(sender(kNames, "backup@web1.here.example") == "web1+backup@out.example");
  CHECK(sender(kDomain + "[local]\nsenders = { root = \"admin@out.example\" }\n", "backup@localhost") == "backup@out.example");
}

TEST_CASE("senders: the host's name is that of its users even where its mail is not delivered here") {
  for (const char* local : {"local_domains = [\"localhost\"]\n", "local_domains = []\n"}) {
    CHECK(sender(local + kDomain, "root@web1.here.example") == "root@out.example");
    CHECK(author(local + kDomain, "root@WEB1.here.example") == "root@out.example");
    CHECK(author(local + kDomain, "root") == "root@out.example");
    CHECK(author(local + kDomain, "root@web2.here.example") == "as it is");
  }
}

TEST_CASE("senders: addresses of other domains stay, and so does what would be no address") {
  CHECK(sender(kDomain + kNames, "me@elsewhere.example") == "as it is");
  CHECK(sender(kDomain + kNames, "me@out.example") == "as it is");
  CHECK(sender(kNames, "\"a b\"@localhost") == "as it is");
  CHECK(sender(kDomain + kNames, "\"a b\"@localhost") == "\"a b\"@out.example");
}

TEST_CASE("senders: an author in a header may lack the domain") {
  CHECK(author(kDomain, "root") == "root@out.example");
  CHECK(author(kDomain, "root@LOCALHOST") == "root@out.example");
  CHECK(author(kNames, "root") == "admin@out.example");
  for (const char* text : {"", "@", "me@elsewhere.example",
                           "root@b\xC3\xBC"
                           "cher.example",
                           "a b", "@x:root"})
    CHECK(author(kDomain + kNames, text) == "as it is");
}

TEST_CASE("senders: a pattern must be an address once a user stands in it") {
  for (const char* wrong : {"{user}", "a{user}b", "{user}@", "{user}{user}@out.example x"}) {
    const auto config = mta::parse_config(std::string("[local]\nsenders = { root = \"") + wrong + "\" }\n", "x.toml");
    REQUIRE_FALSE(config);
    CHECK_THAT(config.error().message, Catch::Contains("[local] senders: root: "));
  }
}

}  // namespace mxpress::testing
