// The spool's callback as an awaitable, on the caller's executor.
#pragma once

#include "dns/async.h"
#include "queue/message_store.h"

namespace mxpress::mta {

// Done when the message is durable, or refused; the message must live until then. The committer's thread only posts; the caller continues
// on its own.
Task<Result<queue::QueueId>> store(queue::MessageStore& spool, queue::QueueId id, queue::NewMessage&& message);

}  // namespace mxpress::mta
