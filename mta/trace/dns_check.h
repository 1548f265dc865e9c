// What the DNS says of a message: SPF of the client that brought it, the addresses of names in HELO, and the keys of its signatures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "mta/dkim/verification.h"
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

struct DkimFinding {
  dkim::ReceivedSignature signature;
  bool is_valid = false;
  bool is_unknown = false;  // the name servers gave no answer
  std::string why;          // it is not valid, or unknown; one sentence without a full stop
};

// The keys are today's: one that is gone may have been there when the message was sent.
Task<std::vector<DkimFinding>> check_dkim(std::vector<dkim::ReceivedSignature> signatures, dkim::BodyDigests body, dns::Resolver& resolver);

}  // namespace mxpress::mta::trace
