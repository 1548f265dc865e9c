// What operators do to the jobs of a worker.
#include "mta/delivery/worker.h"

namespace mxpress::mta::delivery {

std::vector<ActionEffect> Worker::acted(queue::ActionKind action, const std::vector<queue::QueueId>& messages) {
  std::vector<ActionEffect> effects;
  for (queue::QueueId message : messages) effects.push_back(acted_on(action, message));
  run_due();  // once: however many messages are to be tried again, their site gets one probe
  return effects;
}

ActionEffect Worker::acted_on(queue::ActionKind action, queue::QueueId message) {
  ActionEffect effect = ActionEffect::unknown;
  for (JobIndex index : schedule_.jobs_of(message)) {
    queue::Job& job = schedule_.job(index);
    const bool leased = job.stage == queue::JobStage::leased;
    if (leased && job.is_over) continue;  // as good as gone
    if (effect != ActionEffect::in_flight) effect = leased && !job.is_recorded ? ActionEffect::in_flight : ActionEffect::done;
    if (action == queue::ActionKind::retry && job.stage == queue::JobStage::held) effect = ActionEffect::held;
    switch (action) {
      case queue::ActionKind::remove:
      case queue::ActionKind::bounce:
        job.withdrawn = true;
        if (!leased) schedule_.remove(index);
        break;
      case queue::ActionKind::hold:
        job.hold_wanted = true;
        if (!leased) schedule_.hold(index);
        break;
      case queue::ActionKind::release:
        job.hold_wanted = false;
        if (job.stage == queue::JobStage::held) schedule_.make_ready(index);
        age_.arrange(index, instant_now());
        break;
      case queue::ActionKind::retry:
        retry_now(index);
        break;
    }
  }
  return effect;
}

// The job is due, and its site may be asked now: by one probe, however many messages are told to retry.
void Worker::retry_now(JobIndex index) {
  queue::Job& job = schedule_.job(index);
  if (job.stage == queue::JobStage::held) return;
  if (job.stage == queue::JobStage::leased) {
    job.retry_wanted = true;
    return;
  }
  backoffs_.probe_now(job.destination);
  schedule_.make_ready(index);
}

void Worker::pause(bool paused) {
  if (paused)
    age_.pause();
  else
    age_.resume(instant_now());
  paused_ = paused;
  for (DestinationIndex index = 0; !paused && index < destinations_.size(); ++index) wakes_.wake_destination(index, instant_now());
  run_due();
}

void Worker::reconfigured(std::shared_ptr<const Config> config, std::shared_ptr<dns::Resolver> resolver) {
  resolve_.reconfigured({std::move(config), std::move(resolver)});
  run_due();
}

}  // namespace mxpress::mta::delivery
