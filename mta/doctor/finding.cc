// Names of states and actors.
#include "mta/doctor/finding.h"

#include <algorithm>

namespace mxpress::mta::doctor {

std::string_view to_string(State state) {
  static constexpr std::string_view kWords[] = {"fine", "wrong", "unknown", "not_needed"};
  return kWords[static_cast<std::size_t>(state)];
}

std::string_view to_string(Actor actor) {
  static constexpr std::string_view kWords[] = {"",
                                                "this host's administrator",
                                                "the hosting provider of this host",
                                                "who holds the zone",
                                                "the provider of the address, who holds its reverse zone",
                                                "who runs the network or the firewall of this host",
                                                "who runs the block list"};
  return kWords[static_cast<std::size_t>(actor)];
}

Finding fine(std::string check, std::string evidence) { return {std::move(check), State::fine, std::move(evidence)}; }
Finding unknown(std::string check, std::string evidence) { return {std::move(check), State::unknown, std::move(evidence)}; }
Finding not_needed(std::string check, std::string evidence) { return {std::move(check), State::not_needed, std::move(evidence)}; }

bool has(const Findings& findings, State state) {
  return std::any_of(findings.begin(), findings.end(), [state](const Finding& one) { return one.state == state; });
}

}  // namespace mxpress::mta::doctor
