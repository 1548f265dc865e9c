// What is remembered about hosts and TLS.
#include "mta/delivery/tls_memory.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

using namespace mta::delivery;
using mta::smtp::TlsPolicy;
using mta::smtp::TlsUse;

const queue::Instant kNow{std::chrono::hours(1000)};

dns::Target target(std::string host, std::uint8_t last_octet = 1, std::uint16_t port = 25) {
  return {std::move(host), dns::Address{false, {192, 0, 2, last_octet}}, port, false};
}

TlsPeer peer(std::string host, std::uint8_t last_octet = 1, std::uint16_t port = 25) {
  return TlsPeer(target(std::move(host), last_octet, port), TlsPolicy::opportunistic);
}

TlsUse offer(const TlsMemory& memory, const TlsPeer& peer, queue::Instant now = kNow) {
  return memory.offer_for(peer, TlsUse::opportunistic, now);
}

TEST_CASE("tls memory: a failure under another name at the same address, or at another address or port, changes nothing") {
  TlsMemory memory;
  memory.remember(peer("mx.attacker.example"), TlsUse::never, kNow);
  memory.remember(peer("mx.victim.example", 2), TlsUse::never, kNow);
  memory.remember(peer("mx.victim.example", 1, 2525), TlsUse::never, kNow);
  CHECK(offer(memory, peer("mx.victim.example")) == TlsUse::opportunistic);
  CHECK(offer(memory, peer("MX.Attacker.example")) == TlsUse::never);
}

TEST_CASE("tls memory: what is remembered holds for a day, and the latest counts") {
  TlsMemory memory;
  memory.remember(peer("mx.there.example"), TlsUse::without_dh, kNow);
  memory.remember(peer("mx.there.example"), TlsUse::large_dh, kNow);
  CHECK(memory.size() == 1);
  CHECK(offer(memory, peer("mx.there.example"), kNow + TlsMemory::kRemember - std::chrono::seconds(1)) == TlsUse::large_dh);
  CHECK(offer(memory, peer("mx.there.example"), kNow + TlsMemory::kRemember) == TlsUse::opportunistic);
}

TEST_CASE("tls memory: a configuration without TLS is not overruled, and what is forgotten begins afresh") {
  TlsMemory memory;
  memory.remember(peer("mx.there.example"), TlsUse::large_dh, kNow);
  CHECK(memory.offer_for(peer("mx.there.example"), TlsUse::never, kNow) == TlsUse::never);
  memory.forget(peer("mx.there.example"));
  CHECK(offer(memory, peer("mx.there.example")) == TlsUse::opportunistic);
}

TEST_CASE("tls memory: many names push out the oldest one, not all") {
  TlsMemory memory;
  for (std::size_t i = 0; i < TlsMemory::kLimit + 2; ++i) memory.remember(peer("mx" + std::to_string(i) + ".example"), TlsUse::never, kNow);
  CHECK(memory.size() == TlsMemory::kLimit);
  CHECK(offer(memory, peer("mx0.example")) == TlsUse::opportunistic);
  CHECK(offer(memory, peer("mx1.example")) == TlsUse::opportunistic);
  CHECK(offer(memory, peer("mx2.example")) == TlsUse::never);
}

}  // namespace
}  // namespace mxpress::testing
