// Counts look-ups, whatever address the mail comes from.
#include "mta/spf/cost.h"

#include <set>
#include <string_view>
#include <utility>

#include "mta/spf/query_name.h"
#include "proto/printable.h"

namespace mxpress::mta::spf {
namespace {

// What receivers look at: up to "all", and redirect behind the others where there is no "all". RFC 7208 5.1, 6.1
std::vector<Term> effective_terms(std::string_view record) {
  std::vector<Term> terms, redirects;
  for (Term& term : terms_of(record)) {
    if (term.kind == TermKind::all) return terms;
    if (term.asks_dns()) (term.kind == TermKind::redirect ? redirects : terms).push_back(std::move(term));
  }
  terms.insert(terms.end(), redirects.begin(), redirects.end());
  return terms;
}

class Counter {
 public:
  Counter(dns::Resolver& resolver, std::chrono::steady_clock::time_point until) : resolver_(resolver), until_(until) {}

  Task<Cost> count(std::string record) {
    for (const Term& term : effective_terms(record)) {
      const int before = lookups_;
      co_await count_term(term);
      cost_.terms.push_back({term.text, lookups_ - before});
    }
    cost_.lookups = lookups_;
    co_return std::move(cost_);
  }

 private:
  bool is_enough() const { return lookups_ > Cost::kMostCounted; }

  Task<void> count_term(Term term) {
    ++lookups_;
    if (is_enough() || (term.kind != TermKind::include && term.kind != TermKind::redirect)) co_return;
    if (term.target.find('%') != term.target.npos) co_return note(term, "has a macro, so that the look-ups behind it could not be counted");
    if (std::chrono::steady_clock::now() >= until_) co_return note(term, "was not looked up: it would take too long");
    const dns::Answer answer = co_await texts_of(term.target);
    if (answer.kind == dns::AnswerKind::failed)
      co_return note(term, "could not be looked up, nor its look-ups be counted: " + proto::printable(answer.text, 200));
    const auto records = records_of(answer.texts);
    if (records.size() != 1)
      co_return note(term, records.empty() ? "leads to no SPF record, which receivers take for an error (RFC 7208 5.2): take it out"
                                           : "leads to several SPF records, which receivers take for an error (RFC 7208 4.5)");
    for (const Term& inner : effective_terms(records.front())) co_await count_term(inner);
  }

  Task<dns::Answer> texts_of(std::string domain) {
    const auto name = query_name(domain);
    if (!name) {
      dns::Answer nothing;
      nothing.kind = dns::AnswerKind::no_such_name;
      co_return nothing;
    }
    dns::Question question{*name, dns::RecordType::txt};
    co_return co_await resolver_.resolve(std::move(question));
  }

  void note(const Term& term, const std::string& what) {
    std::string text = "\"" + proto::printable(term.text, 80) + "\" " + what;
    if (noted_.insert(text).second) cost_.notes.push_back(std::move(text));
  }

  dns::Resolver& resolver_;
  const std::chrono::steady_clock::time_point until_;
  Cost cost_;
  int lookups_ = 0;
  std::set<std::string> noted_;
};

}  // namespace

Task<Cost> cost_of(dns::Resolver& resolver, std::string record, std::chrono::steady_clock::time_point until) {
  Counter counter(resolver, until);
  co_return co_await counter.count(std::move(record));
}

}  // namespace mxpress::mta::spf
