// How much the mail hosts of a provider take: connections at a time, messages over each and in a time, recipients in a transaction.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "mta/config/rate_rules.h"

namespace mxpress::mta::replies {

// Each limit: 0 if the provider has none that is known.
struct ProviderLimits {
  std::string name;                // "gmail"
  std::vector<std::string> hosts;  // suffixes of its mail hosts' names
  std::size_t connections = 0;     // at a time, to all its hosts together
  std::size_t messages = 0;        // over one connection
  std::size_t recipients = 0;      // of one transaction
  std::vector<Rate> rate{};        // messages in a time, to all its hosts together; one for each period

  // The key of `rate` among the rate limits: "provider.gmail". Different for different names.
  std::string rate_key() const;
};

// By rate_key().
RateRules rates_of(const std::vector<ProviderLimits>& limits);

// True if "mx1.example.org" ends with one of the suffixes, at a dot.
bool is_one_of(const std::vector<std::string>& suffixes, std::string_view host);

}  // namespace mxpress::mta::replies
