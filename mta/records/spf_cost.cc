// Counts look-ups, whatever address the mail comes from.
#include "mta/records/spf_cost.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include "proto/printable.h"

namespace mxpress::mta::records {
namespace {

bool asks_dns(const SpfTerm& term) {
  static constexpr std::string_view kNames[] = {"include", "a", "mx", "ptr", "exists"};
  return !term.is_modifier && std::find(std::begin(kNames), std::end(kNames), term.name) != std::end(kNames);
}

bool is_redirect(const SpfTerm& term) { return term.is_modifier && term.name == "redirect"; }

// What receivers look at: up to "all", and redirect behind the others where there is no "all". RFC 7208 5.1, 6.1
std::vector<SpfTerm> effective_terms(std::string_view record) {
  std::vector<SpfTerm> terms, redirects;
  for (SpfTerm& term : spf_terms(record)) {
    if (!term.is_modifier && term.name == "all") return terms;
    if (asks_dns(term))
      terms.push_back(std::move(term));
    else if (is_redirect(term) && redirects.empty())
      redirects.push_back(std::move(term));
  }
  terms.insert(terms.end(), redirects.begin(), redirects.end());
  return terms;
}

class Counter {
 public:
  Counter(dns::Resolver& resolver, SpfCheck::Clock::time_point until) : resolver_(resolver), until_(until) {}

  Task<SpfCost> count(std::string record) {
    for (const SpfTerm& term : effective_terms(record)) {
      const int before = lookups_;
      co_await count_term(term);
      cost_.terms.push_back({term.text, lookups_ - before});
    }
    cost_.lookups = lookups_;
    co_return std::move(cost_);
  }

 private:
  bool is_enough() const { return lookups_ > SpfCost::kMostCounted; }

  Task<void> count_term(SpfTerm term) {
    ++lookups_;
    if (is_enough() || (term.name != "include" && term.name != "redirect")) co_return;
    if (term.value.find('%') != term.value.npos) co_return note(term, "has a macro, so that the look-ups behind it could not be counted");
    if (SpfCheck::Clock::now() >= until_) co_return note(term, "was not looked up: it would take too long");
    dns::Question question{term.value, dns::RecordType::txt};
    const dns::Answer answer = co_await resolver_.resolve(std::move(question));
    if (answer.kind == dns::AnswerKind::failed)
      co_return note(term, "could not be looked up, nor its look-ups be counted: " + proto::printable(answer.text, 200));
    const auto records = spf_records_of(answer.texts);
    if (records.size() != 1)
      co_return note(term, records.empty() ? "leads to no SPF record, which receivers take for an error (RFC 7208 5.2): take it out"
                                           : "leads to several SPF records, which receivers take for an error (RFC 7208 4.5)");
    for (const SpfTerm& inner : effective_terms(records.front())) co_await count_term(inner);
  }

  void note(const SpfTerm& term, const std::string& what) {
    std::string text = "\"" + proto::printable(term.text, 80) + "\" " + what;
    if (noted_.insert(text).second) cost_.notes.push_back(std::move(text));
  }

  dns::Resolver& resolver_;
  const SpfCheck::Clock::time_point until_;
  SpfCost cost_;
  int lookups_ = 0;
  std::set<std::string> noted_;
};

}  // namespace

Task<SpfCost> spf_cost(dns::Resolver& resolver, std::string record, SpfCheck::Clock::time_point until) {
  Counter counter(resolver, until);
  co_return co_await counter.count(std::move(record));
}

}  // namespace mxpress::mta::records
