// A leased job whose outcome is known without asking a host.
#pragma once

#include "mta/delivery/backoff.h"
#include "proto/outcome.h"
#include "queue/indices.h"

namespace mxpress::mta::delivery {

struct Conclusion {
  queue::JobIndex job;
  proto::Outcome outcome;
  SiteFailure failure;
};

}  // namespace mxpress::mta::delivery
