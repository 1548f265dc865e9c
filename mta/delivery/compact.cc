// Packs values into octets: numbers in groups of seven bits, texts preceded by their length.
#include "mta/delivery/compact.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "dns/target.h"
#include "proto/outcome.h"

namespace mxpress::mta::delivery {
namespace {

class Packer {
 public:
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) octets_.push_back(static_cast<char>(value | 0x80));
    octets_.push_back(static_cast<char>(value));
  }
  void number(int value) { number(static_cast<std::uint64_t>(static_cast<std::uint32_t>(value))); }
  void text(std::string_view text) {
    number(std::uint64_t{text.size()});
    octets_ += text;
  }
  queue::SmallText packed() const { return queue::SmallText(octets_); }

 private:
  std::string octets_;
};

// Reads what a Packer wrote, in the same order.
class Unpacker {
 public:
  explicit Unpacker(std::string_view octets) : left_(octets) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto octet = static_cast<std::uint8_t>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{octet & 0x7Fu} << shift;
      if (octet < 0x80) return value;
    }
  }
  int integer() { return static_cast<int>(static_cast<std::uint32_t>(number())); }
  std::string_view text() {
    const std::size_t size = number();
    const std::string_view text = left_.substr(0, size);
    left_.remove_prefix(text.size());
    return text;
  }
  bool at_end() const { return left_.empty(); }

 private:
  std::string_view left_;
};

std::size_t octets_of(const dns::Address& address) { return address.is_v6 ? 16 : 4; }

// The base domain is usually the host's name, which is stored already.
void pack(const dns::HostTlsa& tlsa, std::string_view host, Packer& packer) {
  packer.text(tlsa.base == host ? std::string_view() : tlsa.base);
  packer.number(int{tlsa.port});
  for (const auto* texts : {&tlsa.names, &tlsa.records}) {
    packer.number(std::uint64_t{texts->size()});
    for (const std::string& text : *texts) packer.text(text);
  }
  packer.text(tlsa.failure);
}

dns::HostTlsa unpack_tlsa(dns::HostTlsa::Kind kind, const std::string& host, Unpacker& unpacker) {
  dns::HostTlsa tlsa{.kind = kind};
  const std::string_view base = unpacker.text();
  tlsa.base = base.empty() ? host : std::string(base);
  tlsa.port = static_cast<std::uint16_t>(unpacker.integer());
  for (auto* texts : {&tlsa.names, &tlsa.records})
    for (std::uint64_t left = unpacker.number(); left > 0; --left) texts->emplace_back(unpacker.text());
  tlsa.failure = unpacker.text();
  return tlsa;
}

bool binds(dns::HostTlsa::Kind kind) { return kind == dns::HostTlsa::Kind::found || kind == dns::HostTlsa::Kind::failed; }

// `host` is empty where the target before had the same: then its TLSA records are the same, too.
void pack(const dns::Target& target, std::string_view host, Packer& packer) {
  packer.text(host);
  const int kind = static_cast<int>(target.tlsa.kind);
  packer.number((target.address.is_v6 ? 1 : 0) | (target.authenticated ? 2 : 0) | (target.is_unlisted ? 4 : 0) | kind << 3);
  if (!host.empty() && binds(target.tlsa.kind)) pack(target.tlsa, host, packer);
  packer.text({reinterpret_cast<const char*>(target.address.bytes.data()), octets_of(target.address)});
  packer.number(int{target.port});
  packer.number(int{target.preference});
}

dns::Target unpack_target(Unpacker& unpacker) {
  dns::Target target;
  target.host = unpacker.text();
  const int flags = unpacker.integer();
  target.address.is_v6 = (flags & 1) != 0;
  target.authenticated = (flags & 2) != 0;
  target.is_unlisted = (flags & 4) != 0;
  target.tlsa.kind = static_cast<dns::HostTlsa::Kind>(flags >> 3);
  if (!target.host.empty() && binds(target.tlsa.kind)) target.tlsa = unpack_tlsa(target.tlsa.kind, target.host, unpacker);
  const std::string_view address = unpacker.text();
  std::copy(address.begin(), address.end(), target.address.bytes.begin());
  target.port = static_cast<std::uint16_t>(unpacker.integer());
  target.preference = static_cast<std::uint16_t>(unpacker.integer());
  return target;
}

}  // namespace

void CompactResult::operator=(const std::optional<proto::HostResult>& result) {
  packed_ = {};
  if (!result) return;
  Packer packer;
  packer.number(static_cast<int>(result->stage));
  for (const std::string* text : {&result->host, &result->address, &result->tls, &result->text}) packer.text(*text);
  for (const int part : {result->status.klass, result->status.subject, result->status.detail, result->reply_code}) packer.number(part);
  packer.number(result->maybe_delivered ? 1 : 0);
  packed_ = packer.packed();
}

std::optional<proto::HostResult> CompactResult::get() const {
  if (packed_.empty()) return std::nullopt;
  Unpacker unpacker(packed_.view());
  proto::HostResult result;
  result.stage = static_cast<proto::Stage>(unpacker.integer());
  for (std::string* text : {&result.host, &result.address, &result.tls, &result.text}) *text = unpacker.text();
  for (int* part : {&result.status.klass, &result.status.subject, &result.status.detail, &result.reply_code}) *part = unpacker.integer();
  result.maybe_delivered = unpacker.integer() != 0;
  return result;
}

// The name of a host with several addresses is stored once.
void CompactTargets::operator=(const std::vector<dns::Target>& targets) {
  Packer packer;
  const std::string* before = nullptr;
  for (const dns::Target& target : targets) {
    pack(target, before && *before == target.host ? std::string_view() : target.host, packer);
    before = &target.host;
  }
  packed_ = packer.packed();
}

std::vector<dns::Target> CompactTargets::get() const {
  std::vector<dns::Target> targets;
  for (Unpacker unpacker(packed_.view()); !unpacker.at_end();) {
    dns::Target target = unpack_target(unpacker);
    if (target.host.empty() && !targets.empty()) {
      target.host = targets.back().host;
      target.tlsa = targets.back().tlsa;
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace mxpress::mta::delivery
