// Decides about outages by evidence.
#include "mta/delivery/outage_judge.h"

#include <algorithm>
#include <utility>

#include "proto/network_words.h"
#include "proto/text_hash.h"

namespace mxpress::mta::delivery {
namespace {

constexpr std::string_view kNoRoute = "this host has no route to any network";
constexpr std::string_view kBlocked = "mail hosts of several networks cannot be reached, and none was lately";
constexpr std::string_view kDeaf = "the name servers do not answer";

bool has_no_way(const proto::HostResult& why) {
  return why.stage == proto::Stage::connect && proto::connect_failure(why) == proto::ConnectFailure::no_route;
}

using Evidence = OutageGate::Evidence;

std::string_view way_of(OutageJudge::Kind kind) { return kind == OutageJudge::Kind::lookups ? kDirectLookups : kDirectWay; }

}  // namespace

std::string_view OutageJudge::advice_for(std::string_view reason) {
  if (reason.starts_with(kNoRoute)) return "look at the network of this host: ip link, ip route";
  if (reason.starts_with(kDeaf)) return "look at the name servers of this host: /etc/resolv.conf, or [dns] servers in mxpress.toml";
  if (reason.starts_with(kBlocked))
    return "port 25 is probably blocked, by the provider of this host or by a firewall: have it opened, or send through a provider "
           "([route] in mxpress.toml)";
  return "mail by this way waits; mxpress queue says more";
}

// Without a route to the internet, hosts that can still be reached prove nothing about others.
void OutageJudge::connected(const std::string& site, const dns::Address& address, Now now) {
  if (is_without_route_ && !now.has_route) return;
  connections_.succeeded(site, network_of(address), now.time);
  settle(now);
}

void OutageJudge::not_connected(const Subject& site, const proto::HostResult& why, Now now) {
  if (has_no_way(why) && !now.has_route) {
    if (!connections_.failed_here(site, now.time)) return;
    is_without_route_ = true;
    begin(Kind::connections, Evidence::of_this_host, std::string(kNoRoute), now);
  } else if (connections_.failed(site, now.time)) {
    begin(Kind::connections, Evidence::of_subjects, std::string(kBlocked) + ": " + why.text, now);
  }
}

void OutageJudge::looked_up(const std::string& name, Now now) {
  refused_since_.reset();
  lookups_.succeeded(name, proto::TextHash()(name), now.time);
  settle(now);
}

bool OutageJudge::not_looked_up(const Subject& name, Now now) {
  return now.has_route ? lookups_.failed(name, now.time) : lookups_.failed_here(name, now.time);
}

void OutageJudge::name_servers(NameServers say, std::string_view why, Now now) {
  if (say == NameServers::answer) {
    if (lookups_.is_closed()) lookups_.open();
    looked_up("", now);
  } else if (!lookups_.is_closed() && !(say == NameServers::refuse && may_be_full(now))) {
    const std::string more = now.has_route ? "" : ", and " + std::string(kNoRoute);
    begin(Kind::lookups, Evidence::of_this_host, std::string(kDeaf) + ": " + std::string(why) + more, now);
    settle(now);
  }
}

bool OutageJudge::may_be_full(Now now) {
  if (!refused_since_) refused_since_ = now.time;
  return now.has_route && now.time - *refused_since_ < OutageGate::kQuiet;
}

void OutageJudge::probe_failed(Kind kind, const Subject& subject, Now now) {
  gate(kind).probe_failed(subject, now.time);
  settle(now);
}

void OutageJudge::has_route_again(Instant now) {
  is_without_route_ = waits_for_route_ = false;
  connections_.hurry(now);
  lookups_.hurry(now);
}

// Both gates belong to one outage of direct delivery.
void OutageJudge::begin(Kind kind, Evidence evidence, std::string reason, Now now) {
  gate(kind).close(evidence, now.time);
  waits_for_route_ = waits_for_route_ || !now.has_route;
  spans_.begin(way_of(kind), reason, now.time);
  if (direct_since_) return;
  direct_since_ = now.time;
  const std::string_view advice = advice_for(reason);
  news_.push_back({News::What::begun, std::string(kDirectWay), std::move(reason), std::string(advice)});
}

void OutageJudge::settle(Now now) {
  for (const Kind kind : {Kind::connections, Kind::lookups})
    if (!gate(kind).is_closed()) spans_.end(way_of(kind), now.time);
  if (!direct_since_ || is_direct_out()) return;
  news_.push_back({News::What::over, std::string(kDirectWay), {}, {}, now.time - *direct_since_});
  direct_since_.reset();
  is_without_route_ = waits_for_route_ = false;
}

void OutageJudge::route_failed(const std::string& source, const proto::HostResult& why, Now now) {
  auto [found, is_new] = routes_.try_emplace(source, Route{now.time, now.time});
  Route& route = found->second;
  route.wanted = now.time;
  if (route.is_out || is_new || now.time - route.first < OutageGate::kConfirm) return;
  route.is_out = true;
  std::string reason = "the host of " + source + " cannot be used: " + (why.host.empty() ? "" : why.host + ": ") + why.text;
  spans_.begin(source, reason, now.time);
  const std::string_view advice = advice_for(reason);
  news_.push_back({News::What::begun, source, std::move(reason), std::string(advice)});
}

void OutageJudge::route_worked(const std::string& source, Now now) {
  const auto found = routes_.find(source);
  if (found == routes_.end()) return;
  const bool was_out = found->second.is_out;
  routes_.erase(found);
  const auto* span = spans_.current(source);
  if (!was_out || !span) return;
  news_.push_back({News::What::over, source, {}, {}, now.time - span->begun});
  spans_.end(source, now.time);
}

void OutageJudge::keep_routes(const std::vector<std::string>& sources, Now now) {
  end_routes([&](const std::string& source, const Route&) { return std::find(sources.begin(), sources.end(), source) == sources.end(); },
             now);
}

void OutageJudge::routes_wanted(const std::set<std::string>& sources, Now now) {
  for (auto& [source, route] : routes_)
    if (sources.contains(source)) route.wanted = now.time;
  end_routes([&](const std::string&, const Route& route) { return now.time - route.wanted >= kUnused; }, now);
}

void OutageJudge::end_routes(const std::function<bool(const std::string& source, const Route&)>& is_over, Now now) {
  std::vector<std::string> over;
  for (const auto& [source, route] : routes_)
    if (is_over(source, route)) over.push_back(source);
  for (const std::string& source : over) route_worked(source, now);
}

// The first probe is due at once.
void OutageJudge::restore(OutageSpans::Restored restored, Now now) {
  spans_ = std::move(restored.spans);
  for (const auto& span : spans_.all()) {
    if (span.ended) continue;
    if (span.way != kDirectLookups && span.way != kDirectWay) {
      routes_[span.way] = {span.begun, now.time, true};
      continue;
    }
    const Kind kind = span.way == kDirectLookups ? Kind::lookups : Kind::connections;
    gate(kind).close(span.reason.starts_with(kNoRoute) ? Evidence::of_this_host : Evidence::of_subjects, now.time);
    gate(kind).hurry(now.time);
    direct_since_ = std::min(direct_since_.value_or(span.begun), span.begun);
    is_without_route_ = is_without_route_ || span.reason.starts_with(kNoRoute);
    waits_for_route_ = waits_for_route_ || span.reason.find(kNoRoute) != std::string::npos;
  }
  if (!connections_.is_closed()) return;
  for (const dns::Target& target : restored.probes) connections_.restore({target.address_text(), network_of(target.address), {}, target});
}

}  // namespace mxpress::mta::delivery
