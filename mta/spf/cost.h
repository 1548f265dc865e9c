// How many look-ups in the DNS receivers need for an SPF record, at most. RFC 7208 4.6.4.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "mta/spf/record.h"

namespace mxpress::mta::spf {

struct Cost {
  struct Term {
    std::string text;
    int lookups = 0;  // with those of the records that it leads to
  };
  std::vector<Term> terms;         // of the record itself that cost something, in its order
  int lookups = 0;                 // of all; where it is over kMostCounted, there are more
  std::vector<std::string> notes;  // for people, one sentence each, without a full stop: what is wrong, or could not be counted
  static constexpr int kMostCounted = 4 * kMostLookups;
};

// `resolver` outlives it. What would be asked after `until` counts as not answered.
Task<Cost> cost_of(dns::Resolver& resolver, std::string record, std::chrono::steady_clock::time_point until);

}  // namespace mxpress::mta::spf
