// Remembers hosts by pool.
#include "mta/transport/proven_hosts.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "proto/text_hash.h"

namespace mxpress::mta::transport {

std::size_t ProvenHosts::Hash::operator()(const dns::Address& address) const {
  return proto::TextHash()(std::string_view(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()));
}

void ProvenHosts::took_mail(const dns::Address& pool, const dns::Address& host) {
  if (!pools_.contains(pool) && pools_.size() == kMostPools) {  // some are of rules that were replaced
    size_ -= pools_.begin()->second.hosts.size();
    pools_.erase(pools_.begin());
  }
  Pool& known = pools_[pool];
  auto& [hosts, places] = known;
  if (const auto found = places.find(host); found != places.end()) {
    found->second->may_teach = true;
    hosts.splice(hosts.end(), hosts, found->second);
    return;
  }
  const auto is_smaller = [](const auto& a, const auto& b) { return a.second.hosts.size() < b.second.hosts.size(); };
  if (hosts.size() == kMostOfPool)
    forget_oldest(known);
  else if (size_ == kMost)
    forget_oldest(std::max_element(pools_.begin(), pools_.end(), is_smaller)->second);
  places.emplace(host, hosts.insert(hosts.end(), {host}));
  ++size_;
}

void ProvenHosts::forget_oldest(Pool& pool) {
  pool.places.erase(pool.hosts.front().host);
  pool.hosts.pop_front();
  --size_;
}

bool ProvenHosts::has(const dns::Address& pool, const dns::Address& host) const {
  const auto found = pools_.find(pool);
  return found != pools_.end() && found->second.places.contains(host);
}

bool ProvenHosts::may_teach(const dns::Address& pool, const dns::Address& host) {
  const auto found = pools_.find(pool);
  if (found == pools_.end()) return false;
  const auto place = found->second.places.find(host);
  return place != found->second.places.end() && std::exchange(place->second->may_teach, false);
}

}  // namespace mxpress::mta::transport
