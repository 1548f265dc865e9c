// Evidence from all workers, probes, and notifications.
#include "mta/delivery/outages.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <cstdlib>
#include <exception>

#include "mta/config/config.h"
#include "mta/delivery/deliverer.h"
#include "mta/delivery/outage_probes.h"
#include "mta/delivery/outage_record.h"
#include "mta/events/hub.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "mta/transport/report.h"
#include "proto/network_words.h"
#include "proto/text_hash.h"

namespace mxpress::mta::delivery {
namespace {

using system::instant_now;
using Kind = OutageJudge::Kind;

constexpr Duration kLookForRoute = std::chrono::seconds(15);
constexpr Duration kBetweenChanges = std::chrono::seconds(1);

// True if the host could not be reached, and not because this host has run out of a resource.
bool is_unreachable(const proto::HostAttempt& attempt) {
  const proto::HostResult& result = attempt.result;
  if (result.reply_code != 0) return false;
  if (result.stage == proto::Stage::greeting) return true;
  return result.stage == proto::Stage::connect && proto::connect_failure(result) != proto::ConnectFailure::resources;
}

// "192.0.2.1:25", "[2001:db8::1]:25"
std::optional<dns::Target> target_of(const std::string& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string_view host = std::string_view(text).substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = dns::Address::parse(host);
  const int port = std::atoi(text.c_str() + colon + 1);
  if (!address || port <= 0 || port > 0xffff) return std::nullopt;
  return dns::Target{std::string(host), *address, static_cast<std::uint16_t>(port)};
}

// The IPv4 result if it is evidence: on a host without IPv6 a failure of only IPv6 addresses proves nothing. Else that of IPv6.
template <class All, class AsTarget>
std::optional<dns::Target> telling(const All& all, bool any_family, AsTarget as_target) {
  std::optional<dns::Target> first;
  for (const auto& one : all) {
    const std::optional<dns::Target> target = as_target(one);
    if (target && !target->address.is_v6) return target;
    if (!first) first = target;
  }
  return any_family ? first : std::nullopt;
}

// The sources of all routes.
std::vector<std::string> sources_of(const Config& config) {
  std::vector<std::string> sources;
  if (config.route) sources.push_back(config.route->source);
  for (const auto& [name, route] : config.routes) sources.push_back(route.source);
  return sources;
}

// The number of outages that have not ended.
std::ptrdiff_t lasting(const OutageJudge& judge) {
  const auto& all = judge.spans().all();
  return std::count_if(all.begin(), all.end(), [](const auto& span) { return !span.ended; });
}

std::uint64_t passing(const OutageJudge& judge) { return judge.gate(Kind::connections).changes() + judge.gate(Kind::lookups).changes(); }

}  // namespace

Outages::Outages(Services services, Changed changed)
    : services_(std::move(services)),
      changed_(std::move(changed)),
      passing_changed_(services_.io, kBetweenChanges, changed_),
      timer_(services_.io) {
  restore();
}

Outages::~Outages() = default;

bool Outages::has_route() const { return !services_.has_route || services_.has_route(dns::AddressFamily::any); }

void Outages::change(const std::function<void(OutageJudge&)>& change) {
  const bool was_out = is_direct_out_;
  auto judge = judge_.lock();
  const auto before = lasting(*judge);
  const auto passed = passing(*judge);
  change(*judge);
  const bool is_news = lasting(*judge) != before, may_others = passing(*judge) != passed;
  const auto news = judge->take_news();
  note(*judge);
  judge.unlock();
  tell(news);
  if (is_direct_out_ || was_out) asio::post(services_.io, [this] { arm(); });
  if (is_news) save();
  if (is_direct_out_ != was_out) return changed_();
  if (may_others) passing_changed_.ask();
}

// Copies the state for frequent readers.
void Outages::note(const OutageJudge& judge) {
  is_direct_out_ = judge.is_direct_out();
  has_spans_ = !judge.spans().empty();
  failing_routes_ = judge.failing_routes();
}

void Outages::tell(const std::vector<OutageJudge::News>& news) {
  for (const auto& one : news) {
    if (one.what == OutageJudge::News::What::begun)
      services_.events.emit(events::OutageBegan{one.way, one.reason, one.advice});
    else
      services_.events.emit(events::OutageEnded{one.way, one.lasted});
  }
}

void Outages::attempted(const std::string& site, const fairness::Owner& owner, const transport::AttemptReport& report) {
  const auto& hosts = report.attempt.hosts;
  const auto spoke = std::find_if(hosts.begin(), hosts.end(), [](const auto& host) { return host.result.reply_code != 0; });
  if (spoke != hosts.end()) {
    if (const auto target = target_of(spoke->result.address))
      change([&, now = now_of_success()](OutageJudge& judge) { judge.connected(site, target->address, now); });
    return;
  }
  if (!report.site_failed || hosts.empty() || !std::all_of(hosts.begin(), hosts.end(), is_unreachable)) return;
  const bool has_ipv4 = !services_.has_route || services_.has_route(dns::AddressFamily::ipv4);
  const auto target = telling(hosts, !has_ipv4, [](const auto& host) { return target_of(host.result.address); });
  if (!target) return;
  const OutageGate::Subject subject{site, network_of(target->address), owner, target};
  change([&, now = now()](OutageJudge& judge) { judge.not_connected(subject, report.failure, now); });
}

void Outages::looked_up(const std::string& domain) {
  change([&, now = now_of_success()](OutageJudge& judge) { judge.looked_up(domain, now); });
}

void Outages::not_looked_up(const std::string& domain, const fairness::Owner& owner) {
  const OutageGate::Subject subject{domain, proto::TextHash()(domain), owner, std::nullopt};
  bool is_suspicious = false;
  change([&, now = now()](OutageJudge& judge) { is_suspicious = judge.not_looked_up(subject, now); });
  if (!is_suspicious) return;
  asio::post(services_.io, [this] {
    if (is_stopping_ || std::exchange(is_checking_, true)) return;
    asio::co_spawn(services_.io, check_name_servers(), [this](std::exception_ptr error) {
      is_checking_ = false;
      log_bug("a question to the name servers", error);
    });
  });
}

// The servers of one domain may be dead, or run by an attacker who wants this conclusion: those of the root are not. All users see the
// reason, so it must not name the domains that could not be looked up.
Task<void> Outages::check_name_servers() {
  const auto failure = co_await services_.probes.failure_of_root();
  if (is_stopping_) co_return;
  using NameServers = OutageJudge::NameServers;
  const NameServers say = !failure ? NameServers::answer : failure->is_refused ? NameServers::refuse : NameServers::say_nothing;
  change([&, now = now()](OutageJudge& judge) { judge.name_servers(say, failure ? failure->text : "", now); });
}

void Outages::attempted_by_route(const std::string& source, const std::optional<proto::HostResult>& failure) {
  if (!failure && failing_routes_ == 0) return;
  change([&, now = now()](OutageJudge& judge) { failure ? judge.route_failed(source, *failure, now) : judge.route_worked(source, now); });
}

void Outages::routes_wanted(const std::set<std::string>& sources) {
  change([&, now = now_of_success()](OutageJudge& judge) { judge.routes_wanted(sources, now); });
}

bool Outages::passes(Kind kind, const OutageGate::Subject& subject) {
  auto judge = judge_.lock();
  OutageGate& gate = judge->gate(kind);
  const auto before = gate.due();
  const bool passes = gate.passes(subject, instant_now());
  if (gate.due() != before) asio::post(services_.io, [this] { arm(); });
  return passes;
}

// Without a route to the internet some hosts may still be reachable, such as those of this network.
bool Outages::can_route_to(const std::vector<dns::Target>& targets) const {
  if (!judge_.lock()->is_without_route()) return false;
  return std::any_of(targets.begin(), targets.end(),
                     [this](const dns::Target& one) { return !services_.has_route_to || services_.has_route_to(one.address); });
}

bool Outages::may_connect(const std::string& site, const fairness::Owner& owner, const std::vector<dns::Target>& targets) {
  if (!is_direct_out_ || targets.empty()) return true;
  if (can_route_to(targets)) return true;
  const auto target = telling(targets, true, [](const dns::Target& one) { return std::optional(one); });
  return passes(Kind::connections, {site, network_of(target->address), owner, target});
}

bool Outages::would_connect(const std::string& site) const {
  return !is_direct_out_ || judge_.lock()->gate(Kind::connections).would_pass(site);
}

bool Outages::may_look_up(const std::string& domain, const fairness::Owner& owner) {
  return !is_direct_out_ || passes(Kind::lookups, {domain, proto::TextHash()(domain), owner, std::nullopt});
}

std::optional<SiteFailure> Outages::why(std::string_view way) const {
  if (!has_spans_) return std::nullopt;
  auto judge = judge_.lock();
  const auto* span = judge->spans().current(way);
  if (!span) return std::nullopt;
  const std::string by = way == kDirectWay ? " directly: " : " by " + std::string(way) + ": ";
  std::string text = std::string(proto::kCannotSend) + by + span->reason;
  return SiteFailure{{proto::Stage::none, "", "", "", {4, 4, 1}, 0, std::move(text), false}, system::to_wall(span->begun)};
}

Duration Outages::paused(std::string_view way, Instant from, Instant to) const {
  return has_spans_ ? judge_.lock()->spans().total(way, from, to) : Duration(0);
}

// An outage that closes both gates is reported as one.
std::vector<OutageStatus> Outages::status() const {
  std::vector<OutageStatus> all;
  auto judge = judge_.lock();
  for (const auto& span : judge->spans().all()) {
    const std::string way(span.way == kDirectLookups ? kDirectWay : std::string_view(span.way));
    const bool is_there = std::any_of(all.begin(), all.end(), [&](const OutageStatus& one) { return one.way == way; });
    if (span.ended || is_there) continue;
    all.push_back({way, span.reason, std::string(OutageJudge::advice_for(span.reason)), system::to_wall(span.begun)});
  }
  return all;
}

void Outages::probe_now() {
  if (!is_direct_out_) return;
  change([now = instant_now()](OutageJudge& judge) {
    for (const Kind kind : {Kind::connections, Kind::lookups}) judge.gate(kind).hurry(now);
  });
}

void Outages::reconfigured() {
  change([&, now = now()](OutageJudge& judge) { judge.keep_routes(sources_of(*services_.config.get()), now); });
  probe_now();
}

void Outages::stop() {
  is_stopping_ = true;
  timer_.cancel();
  passing_changed_.stop();
}

std::optional<Instant> Outages::due() const {
  auto judge = judge_.lock();
  if (!judge->is_direct_out()) return std::nullopt;
  Instant next = judge->waits_for_route() ? looked_for_route_ + kLookForRoute : Instant::max();
  if (const auto lookups = judge->gate(Kind::lookups).due()) next = std::min(next, *lookups);
  const auto connections = judge->is_without_route() ? std::nullopt : judge->gate(Kind::connections).due();
  if (connections) next = std::min(next, *connections);
  return next == Instant::max() ? std::nullopt : std::optional(next);
}

void Outages::arm() {
  const auto next = is_stopping_ || is_probing_ ? std::nullopt : due();
  if (!next) return;
  timer_.expires_at(system::to_boot_time(std::max(*next, instant_now())));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || is_stopping_ || std::exchange(is_probing_, true)) return;
    asio::co_spawn(services_.io, probe(), [this](std::exception_ptr failure) {
      is_probing_ = false;
      log_bug("a probe", failure);
      if (!is_stopping_) arm();
    });
  });
}

// One at a time. Without a route no host is probed until there is one.
Task<void> Outages::probe() {
  bool may_connect = true;
  {
    const OutageJudge::Now before = now();
    looked_for_route_ = before.time;
    auto judge = judge_.lock();
    if (judge->waits_for_route() && before.has_route) judge->has_route_again(before.time);
    may_connect = !judge->is_without_route();
  }
  co_await probe_lookups();
  if (!is_stopping_ && may_connect) co_await probe_connections();
}

Task<void> Outages::probe_lookups() {
  const auto subject = judge_.lock()->gate(Kind::lookups).next_probe(instant_now());
  if (!subject) co_return;
  const bool knows_root = !co_await services_.probes.failure_of_root();
  const bool answers = !knows_root && !subject->name.empty() && co_await services_.probes.answers(subject->name);
  if (is_stopping_) co_return;
  change([&, now = now()](OutageJudge& judge) {
    if (knows_root)
      judge.name_servers(OutageJudge::NameServers::answer, "", now);
    else if (answers)
      judge.looked_up(subject->name, now);
    else
      judge.probe_failed(Kind::lookups, *subject, now);
  });
}

Task<void> Outages::probe_connections() {
  const auto subject = judge_.lock()->gate(Kind::connections).next_probe(instant_now());
  if (!subject || !subject->target) co_return;
  const bool is_there = co_await services_.probes.has_greeting(*subject->target);
  if (is_stopping_) co_return;
  change([&, now = now()](OutageJudge& judge) {
    if (is_there)
      judge.connected(subject->name, subject->target->address, now);
    else
      judge.probe_failed(Kind::connections, *subject, now);
  });
}

void Outages::save() {
  services_.record.save([this] {
    auto judge = judge_.lock();
    std::vector<dns::Target> probes;
    for (auto& subject : judge->gate(Kind::connections).candidates(OutageSpans::kMostProbes)) probes.push_back(*subject.target);
    return judge->spans().text(probes, instant_now(), Clock::current().wall());
  });
}

void Outages::restore() {
  auto restored = services_.record.load(instant_now());
  if (!restored) return;
  auto judge = judge_.lock();
  judge->restore(std::move(*restored), {instant_now(), true});
  judge->keep_routes(sources_of(*services_.config.get()), {instant_now(), true});
  const auto news = judge->take_news();
  note(*judge);
  judge.unlock();
  tell(news);
  if (is_direct_out_) asio::post(services_.io, [this] { arm(); });
}

}  // namespace mxpress::mta::delivery
