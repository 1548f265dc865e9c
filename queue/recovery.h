// Recovery: reads the mail that earlier runs left in a message store.
#pragma once

#include <functional>

#include "queue/message_store.h"

namespace mxpress::queue {

class Recovery {
 public:
  virtual ~Recovery() = default;

  // Reads the data of the last run: message files, then the journal over them. Calls `found` for each message that has not ended, and
  // `site` for each site in backoff. Blocks, so it has a thread of its own. Call it once after open(), and again only after it returned an
  // error: then it has called neither.
  virtual Status recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) = 0;
  // Ends recovery early: recover() soon returns an error and is not called again. Mail that it did not report stays as it is. Any thread.
  virtual void give_up_recovery() = 0;
};

}  // namespace mxpress::queue
