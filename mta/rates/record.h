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
  std::string boot{};  // id of the boot: without space or line end
};

struct SavedLimit {
  std::string key;
  Counts counts = Counts::messages;
  Duration period{};
  std::uint64_t reserved = 0;
  std::vector<Window::Entry> entries;  // on the reader's clock
};

// The whole file. `lines`: from Account::record(), all at the same time.
std::string record_text(const Moment& moment, const std::string& lines);
// The Error: it is damaged, or in another format. The time since it was written is measured by the clock since boot; after another boot by
// the wall clock, and if that was set back no time has passed.
Result<std::vector<SavedLimit>> parse_record(std::string_view text, const Moment& now);

}  // namespace mxpress::mta::rates
