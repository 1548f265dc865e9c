// A Resolver that answers from a table, for tests of users of the DNS.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"

namespace mxpress::testing {

// A name without any record does not exist (NXDOMAIN); a name with records of other types has none of the type asked for (NODATA).
// Example: dns.mx("example.org", 10, "mx.example.org").a("mx.example.org", "192.0.2.1");
class ScriptedResolver final : public dns::Resolver {
 public:
  ScriptedResolver& mx(const std::string& name, std::uint16_t preference, const std::string& host);  // "" for the null MX
  ScriptedResolver& a(const std::string& name, const std::string& address);
  ScriptedResolver& aaaa(const std::string& name, const std::string& address);
  ScriptedResolver& cname(const std::string& name, const std::string& target);
  ScriptedResolver& ns(const std::string& name, const std::string& host);
  ScriptedResolver& ptr(const std::string& name, const std::string& host);
  ScriptedResolver& txt(const std::string& name, const std::string& text);
  ScriptedResolver& tlsa(const std::string& name, const std::string& data);
  // Answers about `name`, or by way of it, are not authenticated although `authenticated` is set.
  ScriptedResolver& leave_unsigned(const std::string& name);
  // From now on: every question about `name`, or only that of one type, fails with this text.
  ScriptedResolver& fail(const std::string& name, const std::string& text = "SERVFAIL from 192.0.2.53:53");
  ScriptedResolver& fail(const std::string& name, dns::RecordType type, const std::string& text = "SERVFAIL from 192.0.2.53:53");
  ScriptedResolver& forget(const std::string& name);  // records and failures

  std::chrono::seconds ttl{300};
  std::optional<std::chrono::seconds> no_data_ttl;  // else the same
  bool authenticated = false;
  Duration delay{0};                 // each answer takes this long
  std::vector<dns::Question> asked;  // in order

  Task<dns::Answer> resolve(dns::Question question) override;

 private:
  struct Name {
    std::map<dns::RecordType, dns::Answer> records;
    std::optional<std::string> alias;
    std::map<dns::RecordType, std::string> failures;
    std::optional<std::string> all_fail;
    bool is_unsigned = false;
  };
  dns::Answer answer(dns::Question question) const;

  std::map<std::string, Name> names_;
};

}  // namespace mxpress::testing
