// Verifies large content step by step, and remembers intact content.
#include "mta/delivery/large_checks.h"

#include "mta/fairness/blocking.h"
#include "mta/system/crash_record.h"
#include "mta/system/instant.h"
#include "queue/content_check.h"
#include "queue/message_store.h"

namespace mxpress::mta::delivery {

bool LargeChecks::is_large(const queue::Content& content) { return content.size() > queue::kInlineContent; }

Task<Status> LargeChecks::check(queue::QueueId id, fairness::Owner owner, std::shared_ptr<const queue::Content> content) {
  if (is_known(id)) co_return Status();
  // Shared with the steps, as is the content: a step may still run when its caller is gone.
  const auto check = std::make_shared<queue::ContentCheck>(*content);
  while (!check->is_done()) {
    auto step = [check, content, id] {
      const system::HandlingNow now(id);
      return check->step();
    };
    const Status intact = co_await fairness::run_blocking(turns_, {owner, queue::ContentCheck::kStep}, std::move(step));
    if (!intact) co_return intact;
  }
  remember(id);
  co_return Status();
}

bool LargeChecks::is_known(queue::QueueId id) {
  auto intact = intact_.lock();
  intact->forget_until(system::instant_now());
  return intact->ids.contains(id);
}

void LargeChecks::remember(queue::QueueId id) {
  auto intact = intact_.lock();
  if (!intact->ids.insert(id).second) return;
  intact->until.emplace_back(system::instant_now() + kLife, id);
  if (intact->until.size() > kMostKnown) intact->forget_oldest();
}

void LargeChecks::Intact::forget_until(queue::Instant now) {
  while (!until.empty() && until.front().first <= now) forget_oldest();
}

void LargeChecks::Intact::forget_oldest() {
  ids.erase(until.front().second);
  until.pop_front();
}

}  // namespace mxpress::mta::delivery
