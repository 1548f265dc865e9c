// A leased job whose outcome is known without asking a host.
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
  std::optional<fairness::Owner> place{};  // who has a place among those that expire at a time; none: it is none of them
};

}  // namespace mxpress::mta::delivery
