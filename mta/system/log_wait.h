// Intake waits for the log, owner by owner.
#pragma once

#include <optional>

#include "dns/async.h"
#include "mta/system/log_room.h"

namespace mxpress::mta {

// Room for a line of so many octets. Waits on the coroutine's executor, 10 s at most, until the writer has written enough of what this
// owner's mail has made. None: it has not. Ask take() first: usually there is nothing to wait for.
Task<std::optional<LogRoom::Hold>> wait_for_log(LogRoom& room, fairness::Owner owner, std::uint64_t octets);

}  // namespace mxpress::mta
