// Fetches the MTA-STS policy of a domain. RFC 8461 3.3.
#pragma once

#include <optional>
#include <string>

#include "dns/async.h"
#include "mta/http_client/reach.h"
#include "mta/sts/policies.h"

namespace mxpress::dns {
class Resolver;
}
namespace mxpress::mta::net {
class Connector;
}

namespace mxpress::mta::sts {

struct Fetched {
  std::optional<Policy> policy;
  FetchFailure failure{};  // if there is none
  bool was_asked = true;   // false: there was no place to ask the policy host
};

// Asks https://mta-sts.DOMAIN/.well-known/mta-sts.txt. The certificate must be for that name; redirects, media types other than text/plain,
// and more than 64 KiB are failures. Everything that it refers to must outlive it.
Task<Fetched> fetch_policy(dns::Resolver& resolver, net::Connector& connector, const http_client::Reach& reach, std::string domain,
                           BootTime deadline);

}  // namespace mxpress::mta::sts
