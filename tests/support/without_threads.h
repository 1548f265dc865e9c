// A process that may not start threads.
#pragma once

#include <functional>

namespace mxpress::testing {

enum class Threads { allowed, forbidden };

// Forks a process of a user without privileges, runs `body` in it, and returns what it returns. `set` says whether more threads may be
// started; at first they may not. Nothing of Catch may be used in it.
int without_threads(const std::function<int(const std::function<void(Threads)>& set)>& body);

}  // namespace mxpress::testing
