// Actions of operators on the jobs of a worker.
#pragma once

#include <vector>

#include "mta/delivery/deliverer.h"
#include "mta/delivery/forward.h"

namespace mxpress::mta::delivery {

// Thread: the worker's.
class AdminActions {
 public:
  struct Parts {
    queue::Schedule& schedule;
    AgePolicy& age;
    Backoffs& backoffs;
  };
  explicit AdminActions(Parts parts) : parts_(parts) {}

  // Applies an action that the spool has recorded. Jobs in flight see it at their next step.
  ActionEffect act(queue::ActionKind action, queue::QueueId message);

 private:
  void retry(JobIndex job);

  const Parts parts_;
};

}  // namespace mxpress::mta::delivery
