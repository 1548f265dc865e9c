// The outcome of looking for a domain's MTA-STS policy.
#pragma once

#include <optional>
#include <string>

#include "mta/net/tls_result.h"
#include "mta/sts/policy_cache.h"

namespace mxpress::mta::sts {

// Why there is no policy to go by.
struct FetchFailure {
  std::string why;                                                 // for people; printable
  net::TlsFailure type = net::TlsFailure::sts_policy_fetch_error;  // for reports: RFC 8460 4.3.2.2
};

struct Finding {
  std::optional<KeptPolicy> policy;  // to obey; nullopt: none
  std::string why{};                 // there is none, or its end could not be put off: for people; printable; empty: it is as it should be
  std::optional<FetchFailure> failure{};  // the record promises a policy that could not be fetched
};

// The demand on the mail hosts of the domain: an MTA-STS policy if that enforces or tests, else `usual`.
net::TlsPolicy demand_by(const Finding& finding, const net::TlsPolicy& usual);

}  // namespace mxpress::mta::sts
