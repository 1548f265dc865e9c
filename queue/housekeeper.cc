// The loop of the housekeeper.
#include "queue/housekeeper.h"

#include <chrono>

#include "queue/checkpointer.h"
#include "queue/housework.h"
#include "queue/housework_list.h"

namespace mxpress::queue {
namespace {

constexpr auto kRound = std::chrono::milliseconds(100);  // between looks at a journal that could not be shortened

}  // namespace

void Housekeeper::run() {
  while (wait_for_work()) {
    housework_.work();
    checkpointer_.run();
    if (list_.is_stopping()) return;
  }
}

// False: it is to stop. After a round that could not shorten the journal it waits before the next.
bool Housekeeper::wait_for_work() {
  const auto next_round = std::chrono::steady_clock::now() + kRound;
  for (;;) {
    if (list_.is_stopping()) return !list_.is_empty();  // checked in this order, so that work added before stop() is seen
    if (housework_.is_due()) return true;
    if (std::chrono::steady_clock::now() >= next_round && checkpointer_.is_due()) return true;
    list_.wait(kRound);
  }
}

}  // namespace mxpress::queue
