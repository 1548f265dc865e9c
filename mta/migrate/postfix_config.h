// The parameters of Postfix's main.cf, and the tables that they refer to.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mta/migrate/findings.h"
#include "mta/migrate/tree.h"
#include "proto/result.h"

namespace mxpress::mta::migrate {

// An entry of a table. The key is in lower case; "*": for a table with one value for all keys (static:).
struct TableEntry {
  std::string place, key, value;
};

// A next hop: "[HOST]:PORT", or "DOMAIN:PORT", whose mail hosts are in the DNS.
struct PostfixHop {
  std::string text;  // as in Postfix, which looks up a password by it
  std::string host;
  bool has_mail_hosts = false;
  std::optional<std::uint16_t> port;

  // In the form of mxpress, without the port: "HOST", "[ADDRESS]", "mx:DOMAIN".
  std::string key() const;
};

class PostfixConfig {
 public:
  // `tree` and `findings` must outlive it.
  PostfixConfig(const Tree& tree, Findings& findings, std::string_view main_cf);

  // The value, with references to parameters replaced ($name, ${name?text:other}), or Postfix's default if that matters here, else
  // empty.
  std::string value(const std::string& name) const;
  bool is_set(const std::string& name) const { return parameters_.contains(name); }
  bool is_yes(const std::string& name) const;
  std::vector<std::string> list(const std::string& name) const;
  // Like list(), as next hops. Invalid ones are left out.
  std::vector<PostfixHop> hops(const std::string& name) const;

  // Reports the equivalent of a parameter that is set; only the first time.
  void take(const std::string& name, const std::string& becomes);
  // Reports the parameters that were not taken.
  void leave_rest();

  // The entries of all tables in the parameter, in order. Tables that cannot be read as text are reported in a note.
  Result<std::vector<TableEntry>> table(const std::string& name) const;

 private:
  struct Parameter {
    std::string place, text;
  };

  std::string default_of(const std::string& name) const;
  std::string expand(std::string_view text, int depth) const;
  std::string expand_braces(std::string_view inner, int depth) const;
  std::string value_at(const std::string& name, int depth) const;
  Status read_table(const std::string& spec, std::vector<TableEntry>& entries) const;

  const Tree& tree_;
  Findings& findings_;
  std::map<std::string, Parameter> parameters_;
  std::set<std::string> told_;
  std::string host_name_;     // of the system
  mutable int expanded_ = 0;  // parameters, for the current value
};

// "[HOST]:PORT", "[HOST]", "DOMAIN:PORT", "DOMAIN". nullopt: invalid.
std::optional<PostfixHop> parse_hop(std::string_view text);

}  // namespace mxpress::mta::migrate
