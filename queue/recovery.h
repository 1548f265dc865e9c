// Recovery: reads the mail that earlier runs left in a message store.
#pragma once

#include <functional>

#include "queue/message_store.h"

namespace mxpress::queue {

class Recovery {
 public:
  virtual ~Recovery() = default;

  // Reads what the last run left: message files, then the journal over them. Calls `found` for each message that has not ended, and `site`
  // for each site that backs off. Blocks, so it has a thread of its own. Called once, after open(); again only when it has returned an
  // error: then it has called neither.
  virtual Status recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) = 0;
  // Before the end: recover() returns soon, with an error, and is not called again. What it has not told of stays as it is. Any thread.
  virtual void give_up_recovery() = 0;
};

}  // namespace mxpress::queue
