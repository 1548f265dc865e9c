// The spool's callbacks as something to wait for, on the caller's executor.
#pragma once

#include "dns/async.h"
#include "queue/spool.h"

namespace mxpress::mta::intake {

// Done when the message is durable, or refused. The committer's thread only posts; the caller goes on on its own.
Task<Result<queue::QueueId>> store(queue::Spool& spool, queue::QueueId id, queue::NewMessage message);

}  // namespace mxpress::mta::intake
