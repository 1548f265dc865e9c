// Recovery: reads the mail that earlier runs left in a message store.
#pragma once

#include <functional>

#include "queue/message_store.h"

namespace mxpress::queue {

class Recovery {
 public:
  virtual ~Recovery() = default;

  // Reads what the last run left: message files, then the journal over them. Calls `found` for every message that has not ended and
  // `site` for every site in backoff. Blocking; on a thread of its own, after open(); once, and again only after an
  // error, when nothing was told to `found` and `site` yet.
  virtual Status recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) = 0;
  // Before the end: recover() returns soon, with an error, and is not called again. What it has not told of stays as it is. Any thread.
  virtual void give_up_recovery() = 0;
};

}  // namespace mxpress::queue
