// A delivery, once the process is the user whose mail it is.
#pragma once

#include <string>

#include "mta/mailstore/account.h"
#include "mta/mailstore/request.h"

namespace mxpress::mta::mailstore {

// Does what the request says, as the user that this process is. `user`: whose mail it is; for users who are root another one writes it.
// `folder`: of mailboxes in mbox form. `content`: see Mail::content.
Reply deliver_as_user(const Request& request, const Account& user, const std::string& folder, int content);

}  // namespace mxpress::mta::mailstore
