// Lookups of a command as mxpressd makes them, without a daemon: name servers, validation (DNSSEC), MTA-STS policies.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "dns/async.h"
#include "dns/authentication.h"

namespace mxpress::dns {
class Resolver;
struct Address;
}  // namespace mxpress::dns
namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::net {
class Connector;
}
namespace mxpress::mta::sts {
class Lookup;
}

namespace mxpress::mta::check {

// By the configured name servers, and with the MTA-STS policies that the daemon keeps, as far as this user may read them. Changes nothing.
// Thread: that of `io`, which must outlive it and must not run any more when it is destroyed.
class OwnLookups {
 public:
  OwnLookups(asio::io_context& io, const Config& config);
  ~OwnLookups();

  std::shared_ptr<dns::Resolver> resolver() const;
  sts::Lookup& sts() const;
  net::Connector& connector() const;
  // This host's addresses; nullopt: the system does not tell them.
  std::optional<std::set<dns::Address>> own_addresses() const;
  // The end of the first test of validation; within a minute.
  Task<void> tested() const;
  dns::Authentication authentication() const;
  // Why the policies that the daemon keeps cannot be read; empty: they can.
  const std::string& kept_failure() const;

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::check
