// Delivers messages into Maildirs.
#pragma once

#include <string>

#include "mta/mailstore/file_calls.h"
#include "mta/mailstore/stored_text.h"

namespace mxpress::mta::mailstore {

// Whether ~/Maildir is a folder. False, too, where this user cannot see its home. Error (transient): nobody can tell, because the home's
// file system does not work.
Result<bool> has_maildir(const std::string& home);

// As the user that this process is. Makes the Maildir where it is missing; no part of it may be a symbolic link. Durable when it returns. A
// repetition makes no second copy while the first one is in new/ or cur/. Error (transient): nothing is there.
Status deliver_to_maildir(const std::string& home, const Mail& mail, const FileCalls& calls = {});

}  // namespace mxpress::mta::mailstore
