// Appends messages to mailboxes in mbox form (mboxrd), completely or not at all.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>

#include "mta/mailstore/file_calls.h"
#include "mta/mailstore/stored_text.h"

namespace mxpress::mta::mailstore {

struct MboxPlace {
  std::string folder;                                             // "/var/mail"
  std::string name;                                               // of the file
  uid_t owner = 0;                                                // required owner of the file, or this process's user
  std::chrono::milliseconds patience = std::chrono::seconds(20);  // for its locks
};

// Durable when it returns. A missing mailbox is created with mode 0660. Error (transient): locked, full, or not a regular file of its owner
// with one name; the mailbox is unchanged. After an interrupted delivery a repetition continues where that ended; if the message is already
// at the end of the mailbox, or near it, it writes nothing.
Status append_to_mbox(const MboxPlace& place, const Mail& mail, const FileCalls& calls = {});

}  // namespace mxpress::mta::mailstore
