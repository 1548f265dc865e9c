// Searches for policies. A search may outlive its callers' patience.
#include "mta/sts/lookup.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "dns/resolver.h"
#include "mta/sts/fetch.h"
#include "mta/sts/policies.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "proto/printable.h"

namespace mxpress::mta::sts {
namespace {

constexpr std::string_view kPrefix = "_mta-sts.";
constexpr std::size_t kLongestName = 253;
constexpr std::size_t kMaxWords = 300;
constexpr std::string_view kEvent = "mta_sts";
constexpr std::string_view kTooMany = "too many policies are being looked up";

// A policy that is fetched again: no mail has asked for it, and no mail has this owner.
const fairness::Owner kNobody = fairness::Owner::host();

std::string record_name(const std::string& domain) { return std::string(kPrefix) + domain; }

// What the DNS says: the id of the record, or why there is none.
struct Announcement {
  std::string id;
  std::string why;
};

Announcement announcement(const dns::Answer& answer, const std::string& domain) {
  if (answer.kind == dns::AnswerKind::failed) return {{}, record_name(domain) + " could not be looked up: " + answer.text};
  const auto id = record_id(answer.texts);
  if (!id) return {{}, record_name(domain) + ": " + id.error().message};
  return {*id, id->empty() ? "there is no record at " + record_name(domain) : std::string()};
}

// Fetching a kept policy again, which is for nobody's mail, is rare.
bool may_log(const fairness::Owner& owner) { return owner == kNobody || mta::may_log(owner, kEvent); }

void log_kept(const std::string& domain, const KeptPolicy& kept) {
  LogLine line(Priority::info, kEvent);
  line.add("domain", domain).add("mode", to_string(kept.policy.mode)).add("id", kept.id);
  line.add("max_age", static_cast<std::int64_t>(kept.policy.max_age.count()));
  log(line);
}

// RFC 8461 3.3: the administrator is told if a policy that is obeyed cannot be fetched again.
void log_failure(const std::string& domain, const FetchFailure& failure, const std::optional<KeptPolicy>& known) {
  const bool is_obeyed = known && known->policy.mode != Mode::none;
  LogLine line(is_obeyed ? Priority::warning : Priority::notice, kEvent);
  line.add("domain", domain).add("failure", net::to_string(failure.type)).add("reason", failure.why);
  line.add("note", is_obeyed ? "the policy fetched before is obeyed until it ends" : "mail goes as if the domain had no policy");
  log(line);
}

}  // namespace

// For whom a policy is searched, and how.
struct Lookup::Asker {
  std::string domain;
  fairness::Owner owner;  // of the mail that asked first
  std::shared_ptr<dns::Resolver> resolver;
  http_client::Reach reach;
  BootTime asked_until{};
};

struct Lookup::Search : Asker {
  Search(asio::io_context& io, Asker asker) : Asker(std::move(asker)), patience(io, asked_until) {}
  void found(Finding result) {
    finding = std::move(result);
    patience.cancel();
  }

  Timer patience;
  std::optional<Finding> finding;
  bool waits_for_place = false;  // of the owner, to fetch
};

Task<Finding> Lookup::find(proto::Domain domain, fairness::Owner owner, std::shared_ptr<dns::Resolver> resolver, http_client::Reach reach) {
  const std::string name = domain.text();
  if (domain.is_address_literal() || record_name(name).size() > kLongestName) co_return Finding{std::nullopt, "it cannot have a policy"};
  const Asker asker{name, owner, std::move(resolver), std::move(reach), BootClock::now() + kPatience};
  std::shared_ptr<Search> search;
  do {
    search = co_await search_for(asker);
    if (!search) co_return Finding{policies_.use(name, owner), std::string(kTooMany)};
    if (!search->finding) (void)co_await search->patience.async_wait(asio::as_tuple(use_task));
    if (search->finding) co_return *search->finding;
  } while (BootClock::now() < search->asked_until);  // else it has told that it waits for a place
  co_return Finding{policies_.use(name, owner), "its policy could not be found out within " + std::to_string(kPatience.count()) + " s"};
}

// The search in progress, or a new one. Null: the owner had no place for one in time.
Task<std::shared_ptr<Lookup::Search>> Lookup::search_for(const Asker& asker) {
  if (auto known = search_in_progress(asker)) co_return known;
  auto place = co_await places_.take(asker.owner, asker.asked_until);
  if (!place) co_return nullptr;
  if (auto known = search_in_progress(asker)) co_return known;
  const auto search = std::make_shared<Search>(io_, asker);
  begin(search, std::move(*place));
  co_return search;
}

// Another owner does not wait for the share of the one who asked first.
std::shared_ptr<Lookup::Search> Lookup::search_in_progress(const Asker& asker) const {
  const auto known = searches_.find(asker.domain);
  if (known == searches_.end() || (known->second->waits_for_place && known->second->owner != asker.owner)) return nullptr;
  return known->second;
}

void Lookup::begin(const std::shared_ptr<Search>& search, fairness::FairPlaces::Place place) {
  searches_[search->domain] = search;
  asio::co_spawn(io_, run(search, std::move(place)), [this, search](std::exception_ptr error) {
    log_bug("the MTA-STS policy of " + search->domain, error);
    const auto known = searches_.find(search->domain);
    if (known != searches_.end() && known->second == search) searches_.erase(known);
  });
}

// Holds the place until its end.
Task<void> Lookup::run(std::shared_ptr<Search> search, fairness::FairPlaces::Place) {
  dns::Question question{record_name(search->domain), dns::RecordType::txt};
  const dns::Answer answer = co_await search->resolver->resolve(std::move(question));
  const Announcement said = announcement(answer, search->domain);
  std::optional<KeptPolicy> known = policies_.use(search->domain, search->owner);
  if (said.id.empty()) co_return search->found({std::move(known), proto::printable(said.why, kMaxWords)});
  const auto failure = policies_.failed_lately(search->domain, said.id);
  const bool is_current = known && known->id == said.id;
  if (is_current) search->found({known, failure ? failure->why : std::string()});
  if (is_current && (failure || !known->is_due(Clock::current().wall()))) co_return;
  if (failure) co_return search->found({std::move(known), failure->why, failure});
  Fetched fetched = co_await fetch_and_keep(search, said.id, known);
  if (is_current) co_return;
  const WallTime now = Clock::current().wall();
  if (fetched.policy) known = KeptPolicy{std::move(*fetched.policy), said.id, now, now};
  const bool is_failure = fetched.was_asked && !fetched.failure.why.empty();
  search->found({std::move(known), fetched.failure.why, is_failure ? std::optional(fetched.failure) : std::nullopt});
}

// RFC 8461 3.3: the deadline is for the whole fetch.
Task<Fetched> Lookup::fetch_and_keep(std::shared_ptr<Search> search, std::string id, std::optional<KeptPolicy> known) {
  const std::string& domain = search->domain;
  search->waits_for_place = true;
  search->patience.cancel();  // other owners may have places
  const auto place = co_await fetches_.take(search->owner, search->asked_until);
  search->waits_for_place = false;
  if (!place) co_return Fetched{std::nullopt, {std::string(kTooMany)}, false};
  Fetched fetched = co_await fetch_policy(*search->resolver, connector_, search->reach, domain, BootClock::now() + kFetchTime);
  if (!fetched.policy) {
    if (policies_.failed(domain, id, fetched.failure) && may_log(search->owner)) log_failure(domain, fetched.failure, known);
    co_return fetched;
  }
  const WallTime now = Clock::current().wall();
  KeptPolicy kept{*fetched.policy, std::move(id), now, known ? known->used : now, {search->owner}};
  if ((!known || known->id != kept.id || known->policy != kept.policy) && may_log(search->owner)) log_kept(domain, kept);
  policies_.keep(domain, std::move(kept));
  co_return fetched;
}

Task<void> Lookup::refresh(std::string domain, std::shared_ptr<dns::Resolver> resolver, http_client::Reach reach) {
  const auto known = policies_.find(domain);
  if (!known || policies_.failed_lately(domain, known->id)) co_return;
  Asker nobody{std::move(domain), kNobody, std::move(resolver), std::move(reach), BootClock::now() + kPatience};
  const auto search = std::make_shared<Search>(io_, std::move(nobody));
  (void)co_await fetch_and_keep(search, known->id, known);
}

}  // namespace mxpress::mta::sts
