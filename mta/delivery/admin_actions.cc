// Applies actions of operators.
#include "mta/delivery/admin_actions.h"

#include "mta/delivery/age_policy.h"
#include "mta/delivery/backoff.h"
#include "mta/delivery/backoffs.h"
#include "mta/system/instant.h"
#include "queue/changes.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {

ActionEffect AdminActions::act(queue::ActionKind action, queue::QueueId message) {
  queue::Schedule& schedule = parts_.schedule;
  ActionEffect effect = ActionEffect::unknown;
  for (JobIndex index : schedule.jobs_of(message)) {
    queue::Job& job = schedule.job(index);
    const bool leased = job.stage == queue::JobStage::leased;
    if (leased && job.is_over) continue;  // about to end
    if (effect != ActionEffect::in_flight) effect = leased && !job.is_recorded ? ActionEffect::in_flight : ActionEffect::done;
    if (action == queue::ActionKind::retry && job.stage == queue::JobStage::held) effect = ActionEffect::held;
    switch (action) {
      case queue::ActionKind::remove:
      case queue::ActionKind::bounce:
        job.withdrawn = true;
        if (!leased) schedule.remove(index);
        break;
      case queue::ActionKind::hold:
        job.hold_wanted = true;
        if (!leased) schedule.hold(index);
        break;
      case queue::ActionKind::release:
        job.hold_wanted = false;
        if (job.stage == queue::JobStage::held) schedule.make_ready(index);
        parts_.age.arrange(index, instant_now());
        break;
      case queue::ActionKind::retry:
        retry(index);
        break;
    }
  }
  return effect;
}

// Makes the job due and lets its site be tried now: with one probe, however many messages are retried.
void AdminActions::retry(JobIndex index) {
  queue::Job& job = parts_.schedule.job(index);
  if (job.stage == queue::JobStage::held) return;
  if (job.stage == queue::JobStage::leased) {
    job.retry_wanted = true;
    return;
  }
  parts_.backoffs.probe_now(job.destination);
  parts_.schedule.make_ready(index);
}

}  // namespace mxpress::mta::delivery
