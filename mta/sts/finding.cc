// From a finding to a demand.
#include "mta/sts/finding.h"

namespace mxpress::mta::sts {

net::TlsPolicy demand_by(const Finding& finding, const net::TlsPolicy& usual) {
  if (!finding.policy || finding.policy->policy.mode == Mode::none) return usual;
  const auto mode = finding.policy->policy.mode == Mode::testing ? net::StsMode::testing : net::StsMode::enforce;
  return net::TlsPolicy::published_sts(finding.policy->policy.mx, mode, "the MTA-STS policy of the recipient's domain");
}

}  // namespace mxpress::mta::sts
