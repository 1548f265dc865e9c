// Tells what becomes of a message, as it happens.
#pragma once

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

#include "mta/cli/sendmail_outlet.h"
#include "proto/time.h"

namespace mxpress::mta::cli {
class ControlClient;
}

namespace mxpress::mta::send {

// Without an attempt that ends, nobody is waited for longer: then a mail host is busy, and the message waits.
inline constexpr std::chrono::minutes kMostWait{10};

struct Watch {
  // Returns when the message may have changed.
  std::function<void()> wait;
  std::function<WallTime()> now;
};

// Asks `client` for the message until each recipient has been tried, and prints a line for each step. Its exit code: ok (all delivered),
// unavailable (69: one failed), try_later (75: one waits for another attempt, or is held), with the reason in the words.
cli::ExitStatus follow(cli::ControlClient& client, const std::string& id, const Watch& watch, std::ostream& out);

// Waits 50 ms at first, and then longer each time, up to a second.
std::function<void()> growing_waits();

}  // namespace mxpress::mta::send
