// Evaluates the SPF records of a domain for the client that handed over a message: check_host(). RFC 7208 4.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "dns/resolver.h"
#include "mta/spf/record.h"
#include "proto/time.h"

namespace mxpress::mta::spf {

// RFC 7208 2.6
enum class CheckResult { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view to_string(CheckResult result);

// What a client said and is. Remote text, in any octets.
struct Client {
  dns::Address address;
  std::string helo;                  // as it was sent
  std::string sender;                // reverse-path without < and >; empty: the null reverse-path
  std::string receiver = "unknown";  // name of the host that asks, for explanations
  WallTime now{};                    // for explanations
};

struct Verdict {
  CheckResult result = CheckResult::none;
  std::string domain{};       // of the record that decided, or of the first one
  std::string term{};         // the mechanism that matched, as in the record; empty: none did
  std::string problem{};      // none, temperror, permerror: why, for people, without a full stop
  std::string explanation{};  // fail: what the domain publishes by exp=, in ASCII; remote text
};

// One evaluation of one client. Asks only the resolver.
class Evaluation {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kMostTime{20};  // RFC 7208 4.6.4

  // `resolver` must outlive it. A query after `until` counts as failed: the servers of a domain can be slow on purpose.
  Evaluation(dns::Resolver& resolver, Client client, Clock::time_point until = Clock::now() + kMostTime);

  // For the domain of the sender, or that of HELO if the reverse-path is null. RFC 7208 2.4
  Task<Verdict> check();
  // For a record that is known already: that of `domain`.
  Task<Verdict> check_record(std::string domain, std::string record);

  int lookups() const { return lookups_; }  // terms that caused queries, so far

 private:
  enum class Match { yes, no, temperror, permerror };

  Task<Verdict> check_host(std::string domain);
  Task<Verdict> evaluate(std::string domain, std::string record);
  Task<Match> matches(std::string domain, Term term);
  Task<Match> includes(std::string target);
  Task<Match> has_address(std::string host, Term term);
  Task<Match> is_mail_host(std::string host, Term term);
  Task<Match> exists(std::string host);
  Task<Match> is_named_below(std::string domain);
  Task<std::string> target_of(std::string domain, Term term);
  Task<std::string> expand(std::string text, std::string domain);
  Task<std::string> explain(std::string domain, std::string spec);
  Task<std::vector<std::string>> validated_names();
  Task<std::string> client_name(std::string domain);
  Task<dns::Answer> ask(std::string name, dns::RecordType type);
  bool is_void_too_often(const dns::Answer& answer);
  Match problem(Match match, std::string text);

  dns::Resolver& resolver_;
  Client client_;
  std::string local_part_, sender_domain_;
  const Clock::time_point until_;
  int lookups_ = 0;
  int void_lookups_ = 0;
  std::string problem_;  // of the innermost error
};

}  // namespace mxpress::mta::spf
