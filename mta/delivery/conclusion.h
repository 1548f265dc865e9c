// A leased job whose outcome is known without trying a host.
#pragma once

#include <optional>

#include "mta/delivery/site_failure.h"
#include "mta/fairness/owner.h"
#include "proto/outcome.h"
#include "queue/indices.h"

namespace mxpress::mta::delivery {

struct Conclusion {
  queue::JobIndex job;
  proto::Outcome outcome;
  SiteFailure failure;
  std::optional<fairness::Owner> place{};  // owner whose place among expiring mail it uses; nullopt: it uses none
};

}  // namespace mxpress::mta::delivery
