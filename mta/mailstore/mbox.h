// Appends messages to mailboxes in mbox form (mboxrd), whole or not at all.
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
  uid_t owner = 0;                                                // that the file must have, or this process's
  std::chrono::milliseconds patience = std::chrono::seconds(20);  // for its locks
};

// Durable when it returns. A mailbox that is missing is made with mode 0660. Error (transient): locked, full, or no ordinary file of its
// owner with one name; the mailbox is what it was. A repetition of what was cut short by the end of this process goes on where that ended,
// and one whose message stands at the end of the mailbox, or near it, already writes nothing.
Status append_to_mbox(const MboxPlace& place, const Mail& mail, const FileCalls& calls = {});

}  // namespace mxpress::mta::mailstore
