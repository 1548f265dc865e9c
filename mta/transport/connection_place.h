// Where a connection to a mail host counts.
#pragma once

#include <optional>

#include "dns/address.h"

namespace mxpress::mta::transport {

struct ConnectionPlace {
  ConnectionPlace(const dns::Address& of_host) : address(of_host), host(of_host) {}  // NOLINT: a host of no known provider
  dns::Address address;                                                              // that of `host`, or `pool`
  dns::Address host;
  std::optional<dns::Address> pool{};  // of its provider
  bool is_in_pool() const { return pool == address; }
};

}  // namespace mxpress::mta::transport
