// Prints findings for people and for programs.
#include "mta/cli/doctor_print.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <ostream>

#include "mta/cli/json.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

using doctor::Finding;
using doctor::Findings;
using doctor::State;

std::string clean(std::string_view text) { return proto::printable(text, 4000); }

std::string_view title_of(State state) {
  static constexpr std::string_view kWords[] = {"fine", "WRONG", "COULD NOT TELL", "not needed"};
  return kWords[static_cast<std::size_t>(state)];
}

// Each line of a text, with this in front.
void print_lines(std::ostream& out, std::string_view text, std::string_view before) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    out << before << clean(text.substr(0, end)) << "\n";
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
}

void print(std::ostream& out, const Finding& finding) {
  out << title_of(finding.state) << "  " << clean(finding.check) << "\n";
  print_lines(out, finding.evidence, "    ");
  if (finding.actor != doctor::Actor::nobody) out << "    who acts: " << doctor::to_string(finding.actor) << "\n";
  if (!finding.remedy.empty()) print_lines(out, finding.remedy, "    ");
  for (const std::string& one : finding.paste) {
    out << "\n";
    print_lines(out, one, "        ");
  }
  out << "\n";
}

std::size_t count(const Findings& findings, State state) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(), [state](const Finding& one) { return one.state == state; }));
}

}  // namespace

void print_findings(std::ostream& out, const Findings& findings) {
  for (const State state : {State::wrong, State::unknown})
    for (const Finding& one : findings)
      if (one.state == state) print(out, one);
  for (const State state : {State::fine, State::not_needed})
    for (const Finding& one : findings)
      if (one.state == state) out << title_of(state) << "  " << clean(one.check) << ": " << clean(one.evidence) << "\n";
  out << "\n"
      << count(findings, State::wrong) << " wrong, " << count(findings, State::unknown) << " could not be told, "
      << count(findings, State::fine) << " fine, " << count(findings, State::not_needed) << " not needed.\n";
}

void print_findings_json(std::ostream& out, const Findings& findings) {
  for (const Finding& one : findings) {
    boost::json::array paste;
    for (const std::string& text : one.paste) paste.emplace_back(text);
    print_json(out, {{"check", clean(one.check)},
                     {"state", doctor::to_string(one.state)},
                     {"evidence", clean(one.evidence)},
                     {"who", doctor::to_string(one.actor)},
                     {"remedy", clean(one.remedy)},
                     {"paste", std::move(paste)}});
  }
}

}  // namespace mxpress::mta::cli
