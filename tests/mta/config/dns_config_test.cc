// [dns]: who validates answers.
#include <catch2/catch.hpp>

#include "dns/validate.h"
#include "mta/config/config.h"

using namespace mxpress;

TEST_CASE("config: by default DNSSEC is validated here only if no name server does, with the anchors of dns-root-data") {
  const auto dns = mta::parse_config("", "x.toml").value().dns;
  CHECK(dns.validate == dns::Validate::automatic);
  CHECK(dns.trust_anchor == "/usr/share/dns/root.key");
  CHECK(dns.root_hints == "/usr/share/dns/root.hints");
}

TEST_CASE("config: validation may be demanded or forbidden, and a network may have a root of its own") {
  const auto dns =
      mta::parse_config("[dns]\nvalidate = \"yes\"\ntrust_anchor = \"/etc/root.key\"\nroot_hints = \"\"\n", "x.toml").value().dns;
  CHECK(dns.validate == dns::Validate::always);
  CHECK(dns.trust_anchor == "/etc/root.key");
  CHECK(dns.root_hints.empty());
  CHECK(mta::parse_config("[dns]\nvalidate = \"no\"\n", "x.toml").value().dns.validate == dns::Validate::never);
  CHECK_THAT(mta::parse_config("[dns]\nvalidate = \"maybe\"\n", "x.toml").error().message,
             Catch::Contains("x.toml:2: [dns] validate: must be \"auto\", \"yes\" or \"no\", not \"maybe\""));
}
