// A process that may not start threads.
#pragma once

#include <functional>

namespace mxpress::testing {

enum class Threads { allowed, forbidden };

// Forks a process of a user without privileges, runs `body` in it, and returns its result. `set` allows or forbids more threads; initially
// they are forbidden. Do not use Catch in it.
int without_threads(const std::function<int(const std::function<void(Threads)>& set)>& body);

}  // namespace mxpress::testing
