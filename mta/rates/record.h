// The file in which the windows of limits survive the daemon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mta/rates/account.h"
#include "proto/result.h"

namespace mxpress::mta::rates {

// The clocks of one moment.
struct Moment {
  WallTime wall{};
  Instant instant{};   // since boot
  std::string boot{};  // which boot: without space or line end
};

struct SavedLimit {
  std::string key;
  Counts counts = Counts::messages;
  Duration period{};
  std::uint64_t reserved = 0;
  std::vector<Window::Entry> entries;  // on the clock of the reader
};

// The whole file. `lines`: of Account::record(), all of the same moment.
std::string record_text(const Moment& moment, const std::string& lines);
// The Error: it is damaged, or another format. The time since it was written is that of the clock since boot; after another boot the wall
// clock tells it, and a clock that was set back tells nothing: then no time has passed.
Result<std::vector<SavedLimit>> parse_record(std::string_view text, const Moment& now);

}  // namespace mxpress::mta::rates
