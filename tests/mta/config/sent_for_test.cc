// The domains that this host sends mail for.
#include <catch2/catch.hpp>

#include "mta/config/config.h"

using namespace mxpress;
using namespace mxpress::mta;

TEST_CASE("config: the domains that this host sends for are its own, those with keys, and what is below them") {
  const Config config = *parse_config(
      "hostname = \"mx.here.example\"\nlocal_domains = [\"local.example\"]\nsender_domain = \"shop.example\"\n"
      "[dkim.\"signed.example\"]\nkeys = { a = \"/k/a.pem\" }\n",
      "test.toml");
  for (const char* own : {"mx.here.example", "local.example", "shop.example", "news.shop.example", "signed.example", "a.b.signed.example"})
    CHECK(config.is_sent_for(*proto::Domain::parse(own)));
  for (const char* foreign : {"here.example", "example", "myshop.example", "gmail.com"})
    CHECK_FALSE(config.is_sent_for(*proto::Domain::parse(foreign)));
}
