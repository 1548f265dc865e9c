// Delivers messages into Maildirs.
#pragma once

#include <string>

#include "mta/mailstore/file_calls.h"
#include "mta/mailstore/stored_text.h"

namespace mxpress::mta::mailstore {

// True if ~/Maildir is a folder. False also if this user has no access to its home. Error (transient): unknown, because the home's file
// system does not work.
Result<bool> has_maildir(const std::string& home);

// As the current user of this process. Creates the Maildir if it is missing; no part of it may be a symbolic link. Durable when it returns.
// A repetition makes no second copy while the first one is in new/ or cur/. Error (transient): nothing was delivered.
Status deliver_to_maildir(const std::string& home, const Mail& mail, const FileCalls& calls = {});

}  // namespace mxpress::mta::mailstore
