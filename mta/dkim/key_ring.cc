// Finds the domain that signs.
#include "mta/dkim/key_ring.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <utility>

#include "mta/dkim/key_record.h"
#include "proto/address_list.h"
#include "proto/header.h"

namespace mxpress::mta::dkim {
namespace {

Error refused(const proto::Domain& domain, std::string_view why) {
  return Error::permanent("keys of " + domain.text() + ": " + std::string(why));
}

// Converts all selectors to the form for s=.
Status clean_selectors(Identity& identity) {
  std::set<std::string> known;
  for (SigningKey& one : identity.keys) {
    Result<std::string> selector = parse_selector(one.selector);
    if (!selector.ok()) return refused(identity.domain, selector.error().message);
    one.selector = std::move(*selector);
    if (!known.insert(one.selector).second) return refused(identity.domain, "two keys have the selector " + one.selector);
  }
  return {};
}

bool is_rsa(const SigningKey& one) { return one.key.kind() == KeyKind::rsa; }

// Otherwise in the order in which they were named.
void put_rsa_first(std::vector<SigningKey>& keys) {
  std::vector<SigningKey> ordered;
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(ordered), is_rsa);
  std::copy_if(keys.begin(), keys.end(), std::back_inserter(ordered), std::not_fn(is_rsa));
  keys = std::move(ordered);
}

}  // namespace

std::optional<proto::Domain> author_domain(std::string_view header) {
  if (proto::count_fields(header, "From") != 1) return std::nullopt;
  const proto::AddressList list = proto::read_address_list(proto::find_field(header, "From")->value, 1);
  if (!list.unreadable.empty() || list.addresses.size() != 1) return std::nullopt;
  const std::string& address = list.addresses.front();
  const auto at = address.rfind('@');
  if (at == std::string::npos) return std::nullopt;
  const Result<proto::Domain> domain = proto::Domain::parse(std::string_view(address).substr(at + 1));
  return domain.ok() ? std::optional(*domain) : std::nullopt;
}

Status KeyRing::add(Identity identity) {
  if (identity.domain.is_address_literal() || !identity.domain.is_fully_qualified())
    return refused(identity.domain, "only a fully qualified domain can sign");
  if (identity.keys.size() > kMostKeys) return refused(identity.domain, "more than four; name those that sign at present");
  if (std::none_of(identity.keys.begin(), identity.keys.end(), is_rsa))
    return refused(identity.domain, "an RSA key is missing; some receivers know no other kind");
  if (const Status clean = clean_selectors(identity); !clean) return clean;
  put_rsa_first(identity.keys);
  std::string name = identity.domain.text();
  identities_.insert_or_assign(std::move(name), std::move(identity));
  return {};
}

bool KeyRing::signs(const proto::Domain& domain, std::string_view selector) const {
  const auto found = identities_.find(domain.text());
  if (found == identities_.end()) return false;
  const auto& keys = found->second.keys;
  return std::any_of(keys.begin(), keys.end(), [selector](const SigningKey& one) { return one.selector == selector; });
}

const Identity* KeyRing::find(std::string_view header) const {
  const auto author = author_domain(header);
  if (author && is_excluded(*author)) return nullptr;
  if (author)
    if (const Identity* found = of_domain_or_parent(*author)) return found;
  return own_ ? of_domain_or_parent(*own_) : nullptr;
}

bool KeyRing::is_excluded(const proto::Domain& domain) const {
  for (std::string_view name = domain.text(); !excluded_.empty();) {
    if (identities_.find(name) != identities_.end()) return false;
    if (excluded_.contains(name)) return true;
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return false;
    name.remove_prefix(dot + 1);
  }
  return false;
}

const Identity* KeyRing::of_domain_or_parent(const proto::Domain& domain) const {
  for (std::string_view name = domain.text();;) {
    if (const auto found = identities_.find(name); found != identities_.end()) return &found->second;
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) return nullptr;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace mxpress::mta::dkim
