// Makes intake wait for the log, owner by owner.
#pragma once

#include <optional>

#include "dns/async.h"
#include "mta/system/log_room.h"

namespace mxpress::mta {

// Gets room for a line of this size. Waits on the coroutine's executor, at most 10 s, until enough of this owner's lines have been written.
// Nullopt: they were not. Call take() first: usually there is room.
Task<std::optional<LogRoom::Hold>> wait_for_log(LogRoom& room, fairness::Owner owner, std::uint64_t octets);

}  // namespace mxpress::mta
