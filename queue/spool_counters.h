// Counters of a spool, for operators.
#pragma once

#include <cstdint>
#include <string>

namespace mxpress::queue {

struct SpoolCounters {
  std::uint64_t messages = 0, stored = 0, ended = 0, corrupt = 0;
  std::uint64_t unread = 0;  // messages, their folders and segments that recovery could not read; the next start tries again
  std::uint64_t syncs = 0, journal_bytes = 0;
  bool accepting = true;
  std::string not_accepting_because;  // for people: path, free and needed
  bool recovered = false;             // mail of earlier runs has been read, except what `unread` counts
  std::string not_recovered_because;  // for people: why the last attempt failed; empty before one did
};

}  // namespace mxpress::queue
