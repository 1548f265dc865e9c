// Packed values are unpacked unchanged.
#include "mta/delivery/compact.h"
#include "dns/target.h"
#include "proto/outcome.h"

#include <catch2/catch.hpp>

using namespace mxpress;
using namespace mxpress::mta::delivery;

namespace {

dns::Target target(const char* host, const char* address, std::uint16_t port, bool authenticated, std::uint16_t preference = 0) {
  return {host, *dns::Address::parse(address), port, authenticated, preference};
}

}  // namespace

TEST_CASE("kept: a result comes back with all that it says") {
  const proto::HostResult result{
      proto::Stage::rcpt, "mx1.example.org", "[2001:db8::1]:25", "TLSv1.3/X (unverified)", {4, 200, 999}, 451, std::string(300, 'x'), true};
  CompactResult kept;
  CHECK_FALSE(kept.get());
  kept = result;
  const auto found = kept.get();
  REQUIRE(found);
  CHECK(found->stage == result.stage);
  CHECK(found->host == result.host);
  CHECK(found->address == result.address);
  CHECK(found->tls == result.tls);
  CHECK(found->status == result.status);
  CHECK(found->reply_code == result.reply_code);
  CHECK(found->text == result.text);
  CHECK(found->maybe_delivered);
  kept = proto::HostResult();
  CHECK(kept.get()->text.empty());
  kept = std::nullopt;
  CHECK_FALSE(kept.get());
}

TEST_CASE("kept: targets come back in their order, with hosts that have several addresses") {
  std::vector<dns::Target> targets = {target("mx1.example.org", "192.0.2.1", 25, true),
                                      target("mx1.example.org", "2001:db8::1", 25, false, 10),
                                      target("mx2.example.org", "255.255.255.255", 65'535, false, 65'535),
                                      target("[192.0.2.1]", "192.0.2.1", 0, true), target("mx1.example.org", "192.0.2.2", 25, false)};
  CompactTargets kept;
  CHECK(kept.get().empty());
  targets[2].is_unlisted = true;
  kept = targets;
  CHECK(kept.get() == targets);
  kept = std::vector<dns::Target>();
  CHECK(kept.get().empty());
}

TEST_CASE("kept: targets come back with the TLSA records of their host") {
  using Kind = dns::HostTlsa::Kind;
  std::vector<dns::Target> targets = {target("mx1.example.org", "192.0.2.1", 25, true), target("mx1.example.org", "2001:db8::1", 25, true),
                                      target("mx2.example.org", "192.0.2.2", 25, true), target("mx3.example.org", "192.0.2.3", 25, true)};
  targets[0].tlsa = {.kind = Kind::found,
                     .base = "mx1.example.org",
                     .port = 25,
                     .names = {"example.org"},
                     .records = {std::string("\x03\x01\x01", 3) + std::string(32, '\0'), ""}};
  targets[1].tlsa = targets[0].tlsa;
  targets[2].tlsa = {.kind = Kind::failed, .base = "mx2.example.org", .port = 25, .failure = "SERVFAIL from 127.0.0.1:53"};
  targets[3].tlsa.kind = Kind::insecure;
  CompactTargets kept;
  kept = targets;
  CHECK(kept.get() == targets);
}
