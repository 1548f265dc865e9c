// The verdict of a check: what would become of mail for the address, and who must act. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::check {

struct Findings;

struct Verdict {
  enum class Kind : std::uint8_t {
    accepted,
    refused,  // for good
    waits,    // it would be tried again
    unknown   // could not be found out
  };
  Kind kind = Kind::unknown;
  std::string text{};               // a sentence
  std::string reason{};             // the evidence: a reply, a failure; printable; empty: none
  std::string meaning{};            // the same in plain words; empty: the text says it all
  std::string who{};                // who must act, and how: a sentence
  std::vector<std::string> also{};  // further findings that an administrator should know: a sentence each
};

// "accepted", "refused", "waits", "unknown"
std::string_view to_string(Verdict::Kind kind);

// Goes over the hosts as a delivery does: the first that answers for the recipient decides.
Verdict judge(const Findings& findings);

}  // namespace mxpress::mta::check
