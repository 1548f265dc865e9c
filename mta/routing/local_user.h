// Whether a mailbox of this host is that of a user.
#pragma once

#include "mta/system/user_lookup.h"
#include "proto/mailbox.h"

namespace mxpress::mta::routing {

// The answer of the name service about the names that the mailbox may mean: known if any of them is. Blocks.
system::UserAnswer ask_for_user(const proto::Mailbox& mailbox);

}  // namespace mxpress::mta::routing
