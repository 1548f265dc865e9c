// What the DNS says of a chain of hops: SPF of the client that brought the message, and the addresses of names in HELO.
#pragma once

#include <optional>
#include <string>

#include "dns/resolver.h"
#include "mta/spf/evaluation.h"
#include "mta/trace/chain.h"

namespace mxpress::mta::trace {

struct SpfFinding {
  dns::Address client;
  std::string identity;  // the sender's address, or the name in HELO for the null reverse-path
  spf::Verdict verdict;
};

// For the client of the entry host. Nullopt: it is unknown, or it signed in, so that SPF says nothing of it. `chain` by value: a coroutine
// keeps it.
Task<std::optional<SpfFinding>> check_spf(Chain chain, WallTime now, dns::Resolver& resolver);

// Asks for the addresses of the names in HELO, of the newest kMostNames hops: takes doubts back that they dispel, and adds others. They are
// today's: a host may have moved since.
inline constexpr std::size_t kMostNames = 20;
Task<Chain> check_names(Chain chain, dns::Resolver& resolver);

}  // namespace mxpress::mta::trace
