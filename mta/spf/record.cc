// Parses SPF records: see record.h.
#include "mta/spf/record.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "mta/spf/macro.h"
#include "proto/ascii.h"
#include "proto/printable.h"

namespace mxpress::mta::spf {
namespace {

struct Mechanism {
  std::string_view name;
  TermKind kind;
};
constexpr Mechanism kMechanisms[] = {{"all", TermKind::all}, {"include", TermKind::include}, {"a", TermKind::a},
                                     {"mx", TermKind::mx},   {"ptr", TermKind::ptr},         {"ip4", TermKind::ip4},
                                     {"ip6", TermKind::ip6}, {"exists", TermKind::exists}};

TermKind mechanism_of(std::string_view name) {
  const auto* found = std::find_if(std::begin(kMechanisms), std::end(kMechanisms),
                                   [&](const Mechanism& one) { return proto::equal_in_any_case(one.name, name); });
  return found == std::end(kMechanisms) ? TermKind::unknown : found->kind;
}

bool is_modifier_name(std::string_view name) {
  const auto is_allowed = [](char c) { return proto::is_alpha(c) || proto::is_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !name.empty() && proto::is_alpha(name.front()) && std::all_of(name.begin(), name.end(), is_allowed);
}

bool all_digits(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), proto::is_digit); }

// Removes "/DIGITS" from the end of `text`. Nullopt: there is none.
std::optional<std::string_view> take_length(std::string_view& text, std::string_view slash) {
  const auto at = text.rfind('/');
  if (at == text.npos || !all_digits(text.substr(at + 1))) return std::nullopt;
  const std::string_view digits = text.substr(at + 1);
  const std::string_view before = text.substr(0, at + 1);
  if (!before.ends_with(slash) || (slash == "/" && before.ends_with("//"))) return std::nullopt;
  text = before.substr(0, before.size() - slash.size());
  return digits;
}

// RFC 7208 5.6: no leading zero, at most `most`.
bool read_length(std::string_view digits, int most, Term& term, int& length) {
  if (digits.size() > 3 || (digits.size() > 1 && digits.front() == '0') || std::stoi(std::string(digits)) > most) {
    term.error = "has the prefix length /" + proto::printable(digits, 10) + ", which is not a number from 0 to " + std::to_string(most);
    return false;
  }
  length = std::stoi(std::string(digits));
  return true;
}

// RFC 7208 7.1: labels of letters, digits and hyphens; the last one is not all digits.
bool is_top_label(std::string_view label) {
  const auto is_alphanumeric = [](char c) { return proto::is_alpha(c) || proto::is_digit(c); };
  return !label.empty() && is_alphanumeric(label.front()) && is_alphanumeric(label.back()) && !all_digits(label) &&
         std::all_of(label.begin(), label.end(), [&](char c) { return is_alphanumeric(c) || c == '-'; });
}

// RFC 7208 7.1: a domain-spec ends in a macro, or in a dot and a top label.
bool ends_as_domain(std::string_view spec) {
  if (ends_in_macro(spec)) return true;
  if (spec.ends_with('.')) spec.remove_suffix(1);
  const auto dot = spec.rfind('.');
  return dot != spec.npos && is_top_label(spec.substr(dot + 1));
}

void read_domain(std::string_view spec, Term& term) {
  term.target = std::string(spec);
  if (spec.empty())
    term.error = "names no domain";
  else if (!is_macro_string(spec, MacroLetters::of_domains))
    term.error = "has characters or a macro that a domain cannot have";
  else if (dns::Address::parse(spec).ok())
    term.error = "has an address where a domain is needed: write ip4: or ip6: in front of it";
  else if (!ends_as_domain(spec))
    term.error = "has a domain that does not end in a dot and a top-level domain";
}

void read_network(std::string_view rest, Term& term) {
  const bool is_v6 = term.kind == TermKind::ip6;
  if (!rest.starts_with(':')) {
    term.error = "names no address";
    return;
  }
  std::string_view address = rest.substr(1);
  term.target = std::string(address);
  if (const auto digits = take_length(address, "/")) {
    if (!read_length(*digits, is_v6 ? 128 : 32, term, is_v6 ? term.prefix_v6 : term.prefix_v4)) return;
  }
  const auto network = dns::Address::parse(address);
  if (!network || network->is_v6 != is_v6)
    term.error = is_v6 ? "has no IPv6 address" : "has no IPv4 address";
  else
    term.network = *network;
}

// a, mx: [":" domain-spec] ["/" length of IPv4] ["//" length of IPv6]
void read_host(std::string_view rest, Term& term) {
  if (const auto v6 = take_length(rest, "//"); v6 && !read_length(*v6, 128, term, term.prefix_v6)) return;
  if (const auto v4 = take_length(rest, "/"); v4 && !read_length(*v4, 32, term, term.prefix_v4)) return;
  if (rest.starts_with(':'))
    read_domain(rest.substr(1), term);
  else if (!rest.empty())
    term.error = "has a prefix length that is no number";
}

// `rest`: from ':' or '/' on.
void read_mechanism(std::string_view rest, Term& term) {
  switch (term.kind) {
    case TermKind::all:
      if (!rest.empty()) term.error = "has something behind \"all\"";
      return;
    case TermKind::ip4:
    case TermKind::ip6:
      return read_network(rest, term);
    case TermKind::a:
    case TermKind::mx:
      return read_host(rest, term);
    case TermKind::ptr:
      if (rest.empty()) return;
      break;
    case TermKind::include:
    case TermKind::exists:
      break;
    default:
      term.error = "is no mechanism of SPF";
      return;
  }
  if (rest.starts_with(':'))
    read_domain(rest.substr(1), term);
  else
    term.error = rest.empty() ? "names no domain" : "has a prefix length, which this mechanism cannot have";
}

// RFC 7208 6: the syntax of redirect and exp holds although the grammar would let them pass as unknown modifiers.
void read_modifier(std::string_view name, std::string_view value, Term& term) {
  if (proto::equal_in_any_case(name, "redirect"))
    term.kind = TermKind::redirect;
  else if (proto::equal_in_any_case(name, "exp"))
    term.kind = TermKind::exp;
  else if (is_modifier_name(name))
    term.kind = TermKind::other_modifier;
  else
    term.error = "has a name that is neither one of a mechanism nor one of a modifier";
  if (term.kind == TermKind::redirect || term.kind == TermKind::exp) return read_domain(value, term);
  term.target = std::string(value);
  if (term.error.empty() && !is_macro_string(value, MacroLetters::of_explanations)) term.error = "has a malformed macro";
}

Term term_of(std::string_view word) {
  Term term;
  term.text = std::string(word);
  const auto end = std::min(word.find_first_of(":=/"), word.size());
  if (end < word.size() && word[end] == '=') {
    read_modifier(word.substr(0, end), word.substr(end + 1), term);
    return term;
  }
  std::string_view name = word.substr(0, end);
  if (std::string_view("+-~?").find(word.front()) != std::string_view::npos) {
    term.qualifier = word.front();
    name.remove_prefix(1);
  }
  term.kind = mechanism_of(name);
  read_mechanism(word.substr(end), term);
  return term;
}

}  // namespace

bool Term::asks_dns() const {
  switch (kind) {
    case TermKind::include:
    case TermKind::a:
    case TermKind::mx:
    case TermKind::ptr:
    case TermKind::exists:
    case TermKind::redirect:
      return true;
    default:
      return false;
  }
}

bool is_record(std::string_view text) {
  return proto::starts_in_any_case(text, kVersion) && (text.size() == kVersion.size() || text[kVersion.size()] == ' ');
}

std::vector<std::string> records_of(const std::vector<std::string>& texts) {
  std::vector<std::string> records;
  std::copy_if(texts.begin(), texts.end(), std::back_inserter(records), is_record);
  return records;
}

// RFC 7208 4.6.1: terms are separated by spaces, not by other white space.
std::vector<Term> terms_of(std::string_view record) {
  std::vector<Term> terms;
  std::string_view rest = record.substr(std::min(kVersion.size(), record.size()));
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    if (rest.empty()) return terms;
    const std::string_view word = rest.substr(0, rest.find(' '));
    terms.push_back(term_of(word));
    rest.remove_prefix(word.size());
  }
}

std::string error_of(const std::vector<Term>& terms) {
  for (const Term& term : terms)
    if (!term.error.empty()) return "\"" + proto::printable(term.text, 80) + "\" " + term.error;
  for (const TermKind kind : {TermKind::redirect, TermKind::exp})
    if (std::count_if(terms.begin(), terms.end(), [&](const Term& term) { return term.kind == kind; }) > 1)
      return kind == TermKind::exp ? "the record has exp= more than once" : "the record has redirect= more than once";
  return {};
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

}  // namespace mxpress::mta::spf
