// A leased job whose outcome is known without asking a host.
#pragma once

#include "mta/delivery/verdict.h"
#include "proto/outcome.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

struct Conclusion {
  queue::JobIndex job;
  proto::Outcome outcome;
  SiteFailure failure;
};

}  // namespace mxpress::mta::delivery
