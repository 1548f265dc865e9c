// The mail hosts of providers that have taken mail.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <list>

#include "dns/address.h"

namespace mxpress::mta::transport {

// A provider is known by the ends of its hosts' names (provider_terms.h). The same ends may be those of machines of its customers, whose
// replies must change nothing for the others: a host counts as the provider's after it has taken a message. Memory: kMostOctets. Of a pool
// with kMostOfPool hosts, or of the largest one if there are kMost in all, the host that has taken none for longest goes. Thread: one.
class ProvenHosts {
 public:
  static constexpr std::size_t kMostPools = 200;
  static constexpr std::size_t kMostOfPool = 256;
  static constexpr std::size_t kMost = 2048;
  static constexpr std::size_t kMostOctets = kMost * 128 + kMostPools * 256;

  void took_mail(const dns::Address& pool, const dns::Address& host);
  bool has(const dns::Address& pool, const dns::Address& host) const;
  // True if the host has taken a message since it last was asked this: so a host that takes one and refuses from then on is heard once.
  bool may_teach(const dns::Address& pool, const dns::Address& host);
  std::size_t size() const { return size_; }

 private:
  struct Hash {
    std::size_t operator()(const dns::Address& address) const;
  };
  struct Known {
    dns::Address host;
    bool may_teach = true;
  };
  struct Pool {
    std::list<Known> hosts;  // the one that took mail last is at the end
    boost::unordered_flat_map<dns::Address, std::list<Known>::iterator, Hash> places;
  };

  void forget_oldest(Pool& pool);

  boost::unordered_flat_map<dns::Address, Pool, Hash> pools_;
  std::size_t size_ = 0;
};

}  // namespace mxpress::mta::transport
