// Backpressure of the log on intake.
#pragma once

#include "dns/async.h"
#include "mta/host/log.h"

namespace mxpress::mta {

// Waits on the coroutine's executor, 10 s at most, until the log writer has caught up. False: it has not; whoever would add more to what is
// to be logged does not. Ask log_pressure() first: usually there is nothing to wait for.
Task<bool> wait_for_log();

}  // namespace mxpress::mta
