// Owners from what is known about a submitter.
#include "mta/host/owner.h"

#include <algorithm>
#include <boost/functional/hash.hpp>
#include <cstring>
#include <string_view>

namespace mxpress::mta::host {
namespace {

// "192.0.2.1" of "192.0.2.1:4711", "2001:db8::1" of "[2001:db8::1]:4711".
std::string_view without_port(std::string_view text) {
  text = text.substr(0, text.rfind(':'));
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

Owner Owner::user(std::int64_t uid) {
  Owner owner;
  if (uid < 0) return owner;
  owner.kind_ = Kind::user;
  std::memcpy(owner.bytes_.data(), &uid, sizeof uid);
  return owner;
}

Owner Owner::client(const dns::Address& address) {
  Owner owner;
  if (dns::is_loopback(address)) return owner;
  const dns::Address plain = dns::unmapped(address);
  owner.kind_ = plain.is_v6 ? Kind::v6 : Kind::v4;
  std::copy_n(plain.bytes.begin(), plain.is_v6 ? 8 : 4, owner.bytes_.begin());
  return owner;
}

Owner Owner::of(const proto::Submitter& submitter) {
  if (submitter.uid >= 0 || submitter.client_address.empty()) return user(submitter.uid);
  const auto address = dns::Address::parse(without_port(submitter.client_address));
  return address.ok() ? client(*address) : Owner();
}

std::string Owner::to_string() const {
  if (kind_ == Kind::local) return "loopback";
  if (kind_ == Kind::user) {
    std::int64_t uid = 0;
    std::memcpy(&uid, bytes_.data(), sizeof uid);
    return "uid " + std::to_string(uid);
  }
  dns::Address address{.is_v6 = kind_ == Kind::v6, .bytes = {}};
  std::copy(bytes_.begin(), bytes_.end(), address.bytes.begin());
  return address.to_string() + (address.is_v6 ? "/64" : "");
}

std::size_t hash_value(const Owner& owner) {
  std::size_t seed = static_cast<std::size_t>(owner.kind_);
  boost::hash_range(seed, owner.bytes_.begin(), owner.bytes_.end());
  return seed;
}

}  // namespace mxpress::mta::host
