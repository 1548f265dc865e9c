// What a running daemon knows of mail for an address: what waits, and what keeps it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/time.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

struct Standing {
  struct Destination {
    std::string name;  // "there.example", perhaps with " via " and a route
    std::string site;  // its mail hosts
    std::uint64_t messages = 0;
    std::int64_t next_try_ms = 0;  // since 1970; 0: none
    std::string last;              // the latest failure
  };
  std::string failure{};                    // why the daemon says nothing; empty: it does
  std::uint64_t waiting = 0, held = 0;      // messages for the recipient that this user may see
  std::vector<Destination> destinations{};  // of the domain; empty if this user may not see them
  std::vector<std::string> outages{};       // of this host: "direct: no mail host can be reached"
};

// Asks over the control socket. `domain`: of the recipient.
Standing ask_standing(const Config& config, const std::string& recipient, const std::string& domain);

// Sentences for people, printable.
std::vector<std::string> in_words(const Standing& standing, WallTime now);

}  // namespace mxpress::mta::cli
