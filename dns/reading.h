// Interprets a packet as the answer to a question: records, no data, no such name, an alias to be followed, or nothing reliable. Pure.
#pragma once

#include <string>

#include "dns/packet.h"

namespace mxpress::dns {

inline constexpr int kMaxAliases = 8;  // CNAMEs followed for one question

struct Reading {
  Answer answer;                 // its server is empty; `text` names the packet's code ("SERVFAIL") without naming the server
  std::string negative_zone;     // owner of the SOA that came with no_data or no_such_name
  int aliases = 0;               // CNAMEs followed within the packet
  bool leads_elsewhere = false;  // answer.canonical_name must be resolved by a further question
};

// Uses only records of the queried name and of the targets of its CNAMEs. `authenticated` is the packet's AD bit, unchecked.
Reading read_answer(const Question& question, const Packet& packet);

}  // namespace mxpress::dns
