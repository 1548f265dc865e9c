// Reads and merges SPF records.
#include "mta/records/spf.h"

#include <algorithm>
#include <array>

#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::records {
namespace {

constexpr std::string_view kVersion = "v=spf1";
constexpr std::size_t kMostOctets = 450;  // RFC 7208 3.4: answers should fit into 512 octets
constexpr std::array<std::string_view, 8> kMechanisms = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = proto::trimmed(text)).empty()) {
    const auto end = text.find_first_of(" \t\r\n");
    words.push_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
  }
  return words;
}

SpfTerm term_of(std::string_view word) {
  SpfTerm term{std::string(word), '+', {}, {}, false};
  if (std::string_view("+-~?").find(word.front()) != std::string_view::npos) {
    term.qualifier = word.front();
    word.remove_prefix(1);
  }
  const auto end = word.find_first_of(":=/");
  term.name = proto::lower_case(word.substr(0, end));
  if (end == std::string_view::npos) return term;
  term.is_modifier = word[end] == '=';
  term.value = std::string(word.substr(word[end] == '/' ? end : end + 1));
  return term;
}

bool is_all(const SpfTerm& term) { return !term.is_modifier && term.name == "all"; }

void warn_of_terms(const std::vector<SpfTerm>& terms, std::vector<std::string>& warnings) {
  for (const SpfTerm& term : terms) {
    const bool is_known = std::find(kMechanisms.begin(), kMechanisms.end(), term.name) != kMechanisms.end();
    if (!term.is_modifier && !is_known)
      warnings.push_back("\"" + proto::printable(term.text, 80) +
                         "\" is no mechanism of SPF, so receivers take the whole record for an error");
    if (is_all(term) && term.qualifier == '+')
      warnings.push_back("\"" + term.text + "\" lets every host on earth send mail for the domain: make it ~all or -all");
    if (is_all(term) && term.qualifier == '?') warnings.push_back("\"?all\" says nothing about other hosts: make it ~all or -all");
    if (term.name == "ptr" && !term.is_modifier)
      warnings.push_back("the mechanism ptr is not to be used any more (RFC 7208 5.5): some receivers skip it");
  }
  if (terms.size() == 1 && is_all(terms.front()) && terms.front().qualifier == '-')
    warnings.push_back("the record said that no host sends mail for the domain; if that is meant, this host should not, either");
}

// Concatenates them without repetitions; "all" and redirect once, the first one, at the end.
std::vector<std::string> union_of(const std::vector<std::string>& records) {
  std::vector<std::string> texts, last;
  for (const std::string& record : records) {
    for (const SpfTerm& term : spf_terms(record)) {
      const bool is_end = is_all(term) || (term.is_modifier && term.name == "redirect");
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

bool is_spf(std::string_view text) {
  return proto::starts_in_any_case(text, kVersion) && (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

std::vector<std::string> spf_records_of(const std::vector<std::string>& texts) {
  std::vector<std::string> records;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(records), is_spf);
  return records;
}

std::vector<SpfTerm> spf_terms(std::string_view record) {
  std::vector<SpfTerm> terms;
  for (const std::string_view word : words_of(record.substr(std::min(kVersion.size(), record.size())))) terms.push_back(term_of(word));
  return terms;
}

std::string spf_mechanism(const dns::Address& address) { return (address.is_v6 ? "ip6:" : "ip4:") + address.to_string(); }

SpfMerge merge_spf(const std::vector<std::string>& records, const std::vector<std::string>& missing) {
  SpfMerge merge;
  if (records.empty()) {
    if (!missing.empty()) merge.text = joined(std::string(kVersion), missing) + " ~all";
    return merge;
  }
  if (records.size() > 1)
    merge.warnings.push_back("there are " + std::to_string(records.size()) +
                             " SPF records, which receivers take for an error (RFC 7208 4.5): this one is to take the place of all");
  const std::string& first = records.front();
  const std::string start = joined(first.substr(0, kVersion.size()), missing);
  if (records.size() > 1)
    merge.text = joined(start, union_of(records));
  else
    merge.text = missing.empty() ? first : start + first.substr(kVersion.size());
  for (const std::string& record : records) warn_of_terms(spf_terms(record), merge.warnings);
  if (merge.text.size() > kMostOctets)
    merge.warnings.push_back("the record has " + std::to_string(merge.text.size()) +
                             " octets; over 450 some resolvers lose it (RFC 7208 3.4)");
  return merge;
}

bool is_in(const dns::Address& address, const dns::Address& network, int prefix) {
  if (address.is_v6 != network.is_v6) return false;
  const int bits = std::min(prefix, address.is_v6 ? 128 : 32);
  for (int bit = 0; bit < bits; ++bit) {
    const auto at = static_cast<std::size_t>(bit / 8);
    if (((address.bytes[at] ^ network.bytes[at]) & (0x80 >> (bit % 8))) != 0) return false;
  }
  return true;
}

}  // namespace mxpress::mta::records
