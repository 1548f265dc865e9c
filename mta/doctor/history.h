// What was wrong at the last run, and what has changed since. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "mta/doctor/finding.h"

namespace mxpress::mta::doctor {

// By the name of the check: its evidence.
using Wrongs = std::map<std::string, std::string>;

Wrongs parse_wrongs(std::string_view text);
std::string text_of(const Wrongs& wrongs);

struct Change {
  Wrongs begun, ended;
  Wrongs now;  // to be kept for the next run
  bool is_empty() const { return begun.empty() && ended.empty(); }
};
// What could not be told is taken to be as it was. Evidence alone is no change: it may name times and hosts.
Change change_of(const Wrongs& before, const Findings& findings);
// For an alert: "new: ptr 192.0.2.1: ...; no longer wrong: ...".
std::string words_of(const Change& change);

}  // namespace mxpress::mta::doctor
