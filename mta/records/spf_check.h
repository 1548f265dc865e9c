// Evaluates the SPF record of a domain for mail of an address, as receivers do. RFC 7208 4, 5.
#pragma once

#include <chrono>
#include <string>

#include "dns/resolver.h"
#include "mta/records/spf.h"

namespace mxpress::mta::records {

enum class SpfResult { pass, no_pass, error, unknown };  // unknown: the DNS did not answer, or a term has macros

// One evaluation of one record.
class SpfCheck {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kMostTime{20};  // RFC 7208 4.6.4

  // `resolver` must outlive it. Questions after `until` count as not answered: a domain's own servers can be slow on purpose.
  SpfCheck(dns::Resolver& resolver, dns::Address address, Clock::time_point until = Clock::now() + kMostTime)
      : resolver_(resolver), address_(address), until_(until) {}

  // `domain` has this record. After more than twice as many lookups as are allowed it ends with an error.
  Task<SpfResult> of(std::string domain, std::string record);

 private:
  enum class Match { yes, no, error, unknown };
  Task<Match> matches(std::string domain, SpfTerm term);
  Task<Match> includes(std::string domain);
  Task<Match> has_address(std::string host, SpfTerm term);
  Task<Match> is_mail_host(std::string domain, SpfTerm term);
  Task<SpfResult> of_domain(std::string domain);
  Task<dns::Answer> resolve(dns::Question question);

  dns::Resolver& resolver_;
  const dns::Address address_;
  const Clock::time_point until_;
  int lookups_ = 0;  // terms that made receivers ask the DNS, so far
};

}  // namespace mxpress::mta::records
