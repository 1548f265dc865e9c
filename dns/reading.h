// What a packet says to a question: records found, none, no such name, an alias that leads elsewhere, or nothing to rely on. Pure.
#pragma once

#include <string>

#include "dns/packet.h"

namespace mxpress::dns {

inline constexpr int kMaxAliases = 8;  // CNAMEs followed for one question

struct Reading {
  Answer answer;                 // its server is empty; `text` says what the packet said ("SERVFAIL") without naming the server
  std::string negative_zone;     // owner of the SOA that came with no_data or no_such_name
  int aliases = 0;               // CNAMEs followed within the packet
  bool leads_elsewhere = false;  // answer.canonical_name has to be asked for by a further question
};

// Believes only records of the name asked for and of where its CNAMEs lead. `authenticated` is the packet's AD bit as it stands.
Reading read_answer(const Question& question, const Packet& packet);

}  // namespace mxpress::dns
