// The end of an mbox, and whether it is part of the message to append.
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
  std::uint64_t begun = 0;  // number of the message's octets at the end of the mailbox, from an interrupted delivery
  std::string separator;    // missing after the last message of the mailbox
};

// `file` must be locked and have `size` octets. Reads about twice as many octets as the message has. Continuing after `begun` octets is
// always safe: they equal those that would be written.
Result<MboxEnd> look_at_end(int file, off_t size, const Mail& mail);

// The note in a delivery's dot-lock: it appends a message with this front at offset `begin`.
std::string append_note(off_t begin, const std::string& front);

// The offset of the last message, if `note` is from a process that died while it appended this message. Its delivery was not reported, so
// it may be cut off. Nullopt: there is none.
Result<std::optional<off_t>> left_unfinished(int file, off_t size, std::string_view note);

}  // namespace mxpress::mta::mailstore
