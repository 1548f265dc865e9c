// What of a chain of hops cannot be believed. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mta/trace/chain.h"

namespace mxpress::mta::trace {

// Hosts' clocks differ by less.
inline constexpr std::chrono::seconds kClockError{60};

// "3 s", "5 min", "2 h", "4 days". Not below zero.
std::string in_words(Duration duration);

Doubt wrong_place();
// Adds doubts and delays. `hops`: the oldest first, with their authors; `is_own`: whether a name is one of the reader's hosts.
void find_doubts(std::vector<Hop>& hops, const std::function<bool(const std::string&)>& is_own, WallTime now);

}  // namespace mxpress::mta::trace
