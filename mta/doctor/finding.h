// What `mxpress doctor` finds about one part of this host: a state, the evidence, and for a wrong one who must act and what to paste.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::doctor {

enum class State : std::uint8_t {
  fine,
  wrong,
  unknown,    // could not tell: `evidence` has the reason
  not_needed  // this host's mail does not need it
};
std::string_view to_string(State state);  // "fine", "wrong", "unknown", "not_needed"

enum class Actor : std::uint8_t {
  nobody,
  administrator,
  hosting_provider,
  zone_holder,
  reverse_zone_holder,
  network_operator,
  list_operator
};
std::string_view to_string(Actor actor);  // "this host's administrator", "the hosting provider" ...; empty: nobody

struct Finding {
  std::string check;  // names the check and its subject, the same in each run: "ptr 192.0.2.1", "port25 ipv6"
  State state = State::unknown;
  std::string evidence;  // sentences
  Actor actor = Actor::nobody;
  std::string remedy{};              // what the actor does; empty unless wrong, or unknown with something to look at
  std::vector<std::string> paste{};  // records, lines of the configuration, or commands
};

using Findings = std::vector<Finding>;

Finding fine(std::string check, std::string evidence);
Finding unknown(std::string check, std::string evidence);
Finding not_needed(std::string check, std::string evidence);

// At least one is in this state.
bool has(const Findings& findings, State state);

}  // namespace mxpress::mta::doctor
