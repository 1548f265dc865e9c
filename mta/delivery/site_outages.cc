// Maps sites and destinations to the ways of mail.
#include "mta/delivery/site_outages.h"

#include <set>

#include "dns/targets.h"
#include "mta/config/config.h"
#include "mta/delivery/backoffs.h"
#include "mta/delivery/destinations.h"
#include "mta/delivery/outages.h"
#include "mta/delivery/site_owner.h"
#include "mta/delivery/site_table.h"
#include "mta/delivery/wakes.h"
#include "mta/routing/route.h"
#include "mta/system/instant.h"
#include "mta/transport/report.h"
#include "mta/transport/session_key.h"
#include "proto/malformed_recipient.h"
#include "queue/schedule.h"

namespace mxpress::mta::delivery {
namespace {

// True if the failure came before any host had answered.
bool is_of_connections(const Backoff& backoff) {
  const auto last = backoff.last();
  return last && (last->stage == proto::Stage::connect || last->stage == proto::Stage::greeting);
}

// For all users: what a host says after MAIL may name somebody's recipients.
std::optional<proto::HostResult> told_to_all(const AttemptReport& report) {
  if (!report.site_failed) return std::nullopt;
  proto::HostResult told = report.failure;
  if (report.after_mail) told.text = "it takes no mail for now (" + std::to_string(told.reply_code) + ")";
  return told;
}

bool has_fallback(const Config& config) { return config.route && config.route->fallback; }

}  // namespace

bool SiteOutages::is_direct(SiteIndex index) const {
  const Site& site = parts_.sites[index];
  return !site.is_by_route && !site.terms->is_lmtp && site.terms->transport == routing::TransportKind::smtp;
}

std::string SiteOutages::way(DestinationIndex index) const {
  const routing::DestinationRef name = parts_.destinations.name(index);
  if (name.is_local()) return {};
  const SiteIndex site = parts_.destinations[index].site;
  if (site != queue::kNone && is_direct(site)) return std::string(kDirectWay);
  const routing::Route route = routing::route_for(*parts_.config.get(), name);
  return route.is_direct() ? std::string(kDirectWay) : route.source;
}

fairness::Owner SiteOutages::owner_at(DestinationIndex index) const {
  const queue::ReadyLines& ready = parts_.schedule.ready();
  return ready.empty(index) ? fairness::Owner() : ready.owner(ready.line(index));
}

void SiteOutages::attempted(SiteIndex site, DestinationIndex destination, const fairness::Owner& owner, const AttemptReport& report) {
  Outages* const outages = parts_.outages;
  if (!outages) return;
  if (is_direct(site)) return outages->attempted(parts_.sites.key(site), owner, report);
  if (!parts_.sites[site].is_by_route || parts_.sites[site].terms->is_lmtp) return;
  const bool is_told = report.failure.stage == proto::Stage::auth || report.is_own_fault;  // by alerts of their own
  if (report.site_failed ? is_told : !outages->any_route_fails()) return;
  const std::string source = way(destination);
  if (source != kDirectWay) outages->attempted_by_route(source, told_to_all(report));
}

void SiteOutages::looked_up(DestinationIndex index, const routing::Route& route, const fairness::Owner& owner, const dns::Targets& found) {
  Outages* const outages = parts_.outages;
  const auto domain = parts_.destinations.name(index).domain();
  if (!outages || !domain || proto::is_malformed_recipient(*domain)) return;
  const bool is_answered = found.kind != dns::TargetsKind::failed_for_now;
  if (route.is_direct() && !domain->is_address_literal())
    return is_answered ? outages->looked_up(domain->text()) : outages->not_looked_up(domain->text(), owner);
  if (!route.is_direct() && !is_answered && !route.is_lmtp)
    outages->attempted_by_route(route.source, proto::HostResult{proto::Stage::lookup, "", "", "", found.status, 0, found.text, false});
}

bool SiteOutages::may_connect(SiteIndex site, DestinationIndex destination) {
  Outages* const outages = parts_.outages;
  if (!outages || !outages->is_direct_out() || !is_direct(site)) return true;
  const std::string key = parts_.sites.key(site);
  const auto targets = parts_.destinations[destination].targets.get();
  const queue::ReadyLines& ready = parts_.schedule.ready();
  return ready.any_line_at(site, kFewOwners, [&](queue::LineIndex line) { return outages->may_connect(key, ready.owner(line), targets); });
}

bool SiteOutages::may_look_up(DestinationIndex index) {
  Outages* const outages = parts_.outages;
  const auto domain = parts_.destinations.name(index).domain();
  if (!outages || !outages->is_direct_out() || !domain || domain->is_address_literal()) return true;
  return way(index) != kDirectWay || outages->may_look_up(domain->text(), owner_at(index));
}

void SiteOutages::changed() {
  Outages* const outages = parts_.outages;
  const Instant now = system::instant_now();
  const bool any_way = has_fallback(*parts_.config.get());
  const auto may_go_on = [&](SiteIndex site) { return is_direct(site) && (any_way || outages->would_connect(parts_.sites.key(site))); };
  parts_.backoffs.ask_sites([&](SiteIndex site) { return is_of_connections(parts_.sites[site].backoff) && may_go_on(site); });
  for (SiteIndex site = 0; site < parts_.sites.size(); ++site)
    if (parts_.sites.is_known(site) && may_go_on(site)) parts_.wakes.wake_site(site, now);
  if (any_way || outages->may_look_up_all()) parts_.backoffs.ask_lookups();
  for (DestinationIndex index = 0; index < parts_.destinations.size(); ++index)
    if (parts_.destinations[index].is_known) parts_.wakes.wake_destination(index, now);
}

void SiteOutages::tell_wanted_routes() const {
  if (!parts_.outages || !parts_.outages->any_route_fails()) return;
  std::set<std::string> ways;
  for (DestinationIndex index = 0; index < parts_.destinations.size(); ++index)
    if (parts_.destinations[index].is_known && parts_.schedule.has_jobs(index)) ways.insert(way(index));
  parts_.outages->routes_wanted(ways);
}

std::optional<SiteFailure> SiteOutages::why(DestinationIndex destination) const {
  if (!parts_.outages || !parts_.outages->has_any()) return std::nullopt;
  const SiteIndex site = parts_.destinations[destination].site;
  const std::string by = way(destination);
  if (by.empty() || (site != queue::kNone && is_direct(site) && parts_.outages->would_connect(parts_.sites.key(site)))) return std::nullopt;
  return parts_.outages->why(by);
}

std::optional<Instant> SiteOutages::next_probe(DestinationIndex destination) const {
  return parts_.outages && way(destination) == kDirectWay ? parts_.outages->due() : std::nullopt;
}

Duration SiteOutages::paused(DestinationIndex destination, Instant from, Instant to) const {
  if (!parts_.outages || !parts_.outages->has_any()) return Duration(0);
  const std::string by = way(destination);
  return by.empty() ? Duration(0) : parts_.outages->paused(by, from, to);
}

}  // namespace mxpress::mta::delivery
