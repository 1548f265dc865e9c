// The memory of hosts and TLS.
#include "mta/transport/tls_memory.h"

#include <catch2/catch.hpp>

namespace mxpress::testing {
namespace {

using namespace mta::transport;
using mta::net::TlsOffer;
using mta::net::TlsPeer;
using mta::net::TlsPolicy;

const queue::Instant kNow{std::chrono::hours(1000)};

dns::Target target(std::string host, std::uint8_t last_octet = 1, std::uint16_t port = 25) {
  return {std::move(host), dns::Address{false, {192, 0, 2, last_octet}}, port, false};
}

TlsPeer peer(std::string host, std::uint8_t last_octet = 1, std::uint16_t port = 25) {
  return TlsPeer(target(std::move(host), last_octet, port), TlsPolicy::may());
}

TlsOffer offer(const TlsMemory& memory, const TlsPeer& peer, queue::Instant now = kNow) { return memory.offer_for(peer, {}, now); }

TEST_CASE("tls memory: a failure under another name at the same address, or at another address or port, changes nothing") {
  TlsMemory memory;
  memory.remember(peer("mx.attacker.example"), TlsOffer::clear, kNow);
  memory.remember(peer("mx.victim.example", 2), TlsOffer::clear, kNow);
  memory.remember(peer("mx.victim.example", 1, 2525), TlsOffer::clear, kNow);
  CHECK(offer(memory, peer("mx.victim.example")) == TlsOffer::usual);
  CHECK(offer(memory, peer("MX.Attacker.example")) == TlsOffer::clear);
}

TEST_CASE("tls memory: what is remembered holds for a day, and the latest counts") {
  TlsMemory memory;
  memory.remember(peer("mx.there.example"), TlsOffer::without_dh, kNow);
  memory.remember(peer("mx.there.example"), TlsOffer::large_dh, kNow);
  CHECK(memory.size() == 1);
  CHECK(offer(memory, peer("mx.there.example"), kNow + TlsMemory::kRemember - std::chrono::seconds(1)) == TlsOffer::large_dh);
  CHECK(offer(memory, peer("mx.there.example"), kNow + TlsMemory::kRemember) == TlsOffer::usual);
}

TEST_CASE("tls memory: a configuration without TLS is not overruled, and what is forgotten begins afresh") {
  TlsMemory memory;
  memory.remember(peer("mx.there.example"), TlsOffer::large_dh, kNow);
  CHECK(memory.offer_for(TlsPeer(target("mx.there.example", 1, 25), TlsPolicy::none()), {}, kNow) == TlsOffer::clear);
  memory.forget(peer("mx.there.example"));
  CHECK(offer(memory, peer("mx.there.example")) == TlsOffer::usual);
}

TEST_CASE("tls memory: a failure under other TLSA records changes nothing") {
  TlsMemory memory;
  const auto under = [](char octet) {
    return TlsPeer(target("mx.there.example"), TlsPolicy::dane({{3, 1, 1, std::string(32, octet)}}, "its TLSA records"));
  };
  memory.remember(under('a'), TlsOffer::without_dh, kNow);
  CHECK(offer(memory, under('a')) == TlsOffer::without_dh);
  CHECK(offer(memory, under('b')) == TlsOffer::usual);
  CHECK(offer(memory, peer("mx.there.example")) == TlsOffer::usual);
}

TEST_CASE("tls memory: TLS 1.0 is not offered any more once the configuration forbids it") {
  TlsMemory memory;
  memory.remember(peer("mx.there.example"), TlsOffer::legacy, kNow);
  CHECK(memory.offer_for(peer("mx.there.example"), {.allows_legacy = true}, kNow) == TlsOffer::legacy);
  CHECK(memory.offer_for(peer("mx.there.example"), {.allows_legacy = false}, kNow) == TlsOffer::relaxed);
}

TEST_CASE("tls memory: many names push out the oldest one, not all") {
  TlsMemory memory;
  for (std::size_t i = 0; i < TlsMemory::kLimit + 2; ++i)
    memory.remember(peer("mx" + std::to_string(i) + ".example"), TlsOffer::clear, kNow);
  CHECK(memory.size() == TlsMemory::kLimit);
  CHECK(offer(memory, peer("mx0.example")) == TlsOffer::usual);
  CHECK(offer(memory, peer("mx1.example")) == TlsOffer::usual);
  CHECK(offer(memory, peer("mx2.example")) == TlsOffer::clear);
}

}  // namespace
}  // namespace mxpress::testing
