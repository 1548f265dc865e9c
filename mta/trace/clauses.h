// Splits the value of a Received field into its clauses: from, by, via, with, id, for, and the date. RFC 5321 4.4. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mxpress::mta::trace {

struct Clause {
  std::vector<std::string> words;     // behind the keyword
  std::vector<std::string> comments;  // without the outer parentheses
  std::string word() const { return words.empty() ? std::string() : words.front(); }
};

struct Clauses {
  std::map<std::string, Clause, std::less<>> clauses;  // by keyword in lower case; "" for what stands in front of the first
  std::string date;                                    // behind the semicolon
  const Clause& operator[](std::string_view keyword) const;
  bool has(std::string_view keyword) const { return clauses.find(keyword) != clauses.end(); }
};

// Reads at most the first 10,000 octets.
Clauses split_clauses(std::string_view value);

}  // namespace mxpress::mta::trace
