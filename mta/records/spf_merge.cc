// Merges SPF records.
#include "mta/records/spf_merge.h"

#include <algorithm>
#include <iterator>

#include "mta/spf/record.h"
#include "proto/printable.h"

namespace mxpress::mta::records {
namespace {

constexpr std::size_t kMostOctets = 450;  // RFC 7208 3.4: answers should fit into 512 octets

using spf::Term;
using spf::TermKind;

bool is_all(const Term& term) { return term.kind == TermKind::all; }

void warn_of_terms(const std::vector<Term>& terms, std::vector<std::string>& warnings) {
  for (const Term& term : terms) {
    if (!term.error.empty())
      warnings.push_back("\"" + proto::printable(term.text, 80) + "\" " + term.error + ", so receivers take the whole record for an error");
    if (is_all(term) && term.qualifier == '+')
      warnings.push_back("\"" + term.text + "\" lets every host on earth send mail for the domain: make it ~all or -all");
    if (is_all(term) && term.qualifier == '?') warnings.push_back("\"?all\" says nothing about other hosts: make it ~all or -all");
    if (term.kind == TermKind::ptr)
      warnings.push_back("the mechanism ptr is not to be used any more (RFC 7208 5.5): some receivers skip it");
  }
  if (terms.size() == 1 && is_all(terms.front()) && terms.front().qualifier == '-')
    warnings.push_back("the record said that no host sends mail for the domain; if that is meant, this host should not, either");
}

// Concatenates them without repetitions; "all" and redirect once, the first one, at the end.
std::vector<std::string> union_of(const std::vector<std::string>& records) {
  std::vector<std::string> texts, last;
  for (const std::string& record : records) {
    for (const Term& term : spf::terms_of(record)) {
      const bool is_end = is_all(term) || term.kind == TermKind::redirect;
      if (is_end && last.empty()) last.push_back(term.text);
      if (!is_end && std::find(texts.begin(), texts.end(), term.text) == texts.end()) texts.push_back(term.text);
    }
  }
  texts.insert(texts.end(), last.begin(), last.end());
  return texts;
}

std::string joined(std::string text, const std::vector<std::string>& words) {
  for (const std::string& word : words) text += " " + word;
  return text;
}

}  // namespace

std::string spf_mechanism(const dns::Address& address) { return (address.is_v6 ? "ip6:" : "ip4:") + address.to_string(); }

SpfMerge merge_spf(const std::vector<std::string>& records, const std::vector<std::string>& missing) {
  SpfMerge merge;
  if (records.empty()) {
    if (!missing.empty()) merge.text = joined(std::string(spf::kVersion), missing) + " ~all";
    return merge;
  }
  if (records.size() > 1)
    merge.warnings.push_back("there are " + std::to_string(records.size()) +
                             " SPF records, which receivers take for an error (RFC 7208 4.5): this one is to take the place of all");
  const std::string& first = records.front();
  const std::string start = joined(first.substr(0, spf::kVersion.size()), missing);
  if (records.size() > 1)
    merge.text = joined(start, union_of(records));
  else
    merge.text = missing.empty() ? first : start + first.substr(spf::kVersion.size());
  for (const std::string& record : records) warn_of_terms(spf::terms_of(record), merge.warnings);
  if (merge.text.size() > kMostOctets)
    merge.warnings.push_back("the record has " + std::to_string(merge.text.size()) +
                             " octets; over 450 some resolvers lose it (RFC 7208 3.4)");
  return merge;
}

}  // namespace mxpress::mta::records
