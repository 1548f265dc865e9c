// A delivery, after the process has become the owner of the mail.
#pragma once

#include <string>

#include "mta/mailstore/account.h"
#include "mta/mailstore/request.h"

namespace mxpress::mta::mailstore {

// Performs the request as the current user of this process. `user`: owner of the mail; for users who are root another one writes it.
// `folder`: of mailboxes in mbox form. `content`: see Mail::content.
Reply deliver_as_user(const Request& request, const Account& user, const std::string& folder, int content);

}  // namespace mxpress::mta::mailstore
