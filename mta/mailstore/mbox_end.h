// How an mbox ends, and whether that is a part of the message that is to be appended.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mta/mailstore/stored_text.h"

namespace mxpress::mta::mailstore {

struct MboxEnd {
  bool is_there = false;    // all of the message, at the end or near it
  std::uint64_t begun = 0;  // so many octets of the message are the last of the mailbox: an earlier delivery was cut short
  std::string separator;    // what the mailbox lacks behind its last message
};

// `file` is locked and has `size` octets. Looks at about twice as many octets as the message has. To go on after `begun` octets is safe in
// any case: they are the ones that would be written.
Result<MboxEnd> look_at_end(int file, off_t size, const Mail& mail);

// The note that a delivery writes into its dot-lock: it appends a message with this front at offset `begin`.
std::string append_note(off_t begin, const std::string& front);

// The offset of the last message, if `note` is of a process that died while it appended this message. Its delivery was not reported, so it
// may be cut off. Nullopt: there is none.
Result<std::optional<off_t>> left_unfinished(int file, off_t size, std::string_view note);

}  // namespace mxpress::mta::mailstore
