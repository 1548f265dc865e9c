// Names the rates of providers.
#include "mta/replies/provider_limits.h"

namespace mxpress::mta::replies {

// Without spaces: see rates::record_text().
std::string ProviderLimits::rate_key() const {
  std::string key = "provider.";
  for (const char c : name) {
    if (c == ' ')
      key += "%20";
    else if (c == '%')
      key += "%25";
    else
      key += c;
  }
  return key;
}

RateRules rates_of(const std::vector<ProviderLimits>& limits) {
  RateRules rules;
  for (const ProviderLimits& one : limits)
    if (!one.rate.empty()) rules.emplace(one.rate_key(), RateRule{"provider " + one.name, one.rate, {}});
  return rules;
}

}  // namespace mxpress::mta::replies
