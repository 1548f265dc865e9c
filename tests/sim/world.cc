// Makes a world from a seed.
#include "tests/sim/world.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace mxpress::sim {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Parts per thousand; the rest is healthy.
struct Share {
  HostKind kind;
  unsigned permille;
};
constexpr Share kShares[] = {
    {HostKind::greylists, 80},    {HostKind::tarpit, 25},      {HostKind::flapping, 40},      {HostKind::refuses, 25},
    {HostKind::hangs, 20},        {HostKind::says_nothing, 5}, {HostKind::closes_often, 30},  {HostKind::limits_rate, 25},
    {HostKind::outages, 80},      {HostKind::moody, 25},       {HostKind::loses_replies, 25}, {HostKind::limits_connections, 25},
    {HostKind::takes_no_mail, 5},
};

dns::Address address_of(std::uint32_t index) {
  dns::Address address;
  address.bytes[0] = 10;
  address.bytes[1] = static_cast<std::uint8_t>(index >> 16);
  address.bytes[2] = static_cast<std::uint8_t>(index >> 8);
  address.bytes[3] = static_cast<std::uint8_t>(index);
  return address;
}

}  // namespace

bool Host::is_dead(Instant now) const {
  if (kind == HostKind::refuses || kind == HostKind::hangs) return true;
  if (kind == HostKind::flapping) return (now.time_since_epoch() / period) % 2 == 1;
  return std::any_of(outages.begin(), outages.end(), [now](const Window& window) { return window.holds(now); });
}

bool Host::is_long_dead(Instant now) const {
  if (kind == HostKind::refuses || kind == HostKind::hangs) return true;
  const auto since_an_hour = [now](const Window& window) { return window.holds(now) && window.holds(now - hours(1)); };
  return std::any_of(outages.begin(), outages.end(), since_an_hour);
}

World::World(const WorldOptions& options) : seed(options.seed), chance_(options.seed), span_(options.span), begin_(instant_now()) {
  providers_ = std::max<std::uint32_t>(3, options.destinations / 50);
  for (std::uint32_t i = 0; i < providers_; ++i) add_host(i < 2 ? HostKind::healthy : any_kind());
  for (std::uint32_t i = 0; i < options.destinations; ++i) add_destination();
  judge_health();
}

std::uint32_t World::add_host(HostKind kind) {
  Host host;
  host.index = static_cast<std::uint32_t>(hosts.size());
  host.name = "mx" + std::to_string(host.index) + ".hosts.example";
  host.address = address_of(host.index);
  host.kind = kind;
  host.seed = chance_.next();
  host.pipelining = !chance_.one_in(4);
  host.dsn = chance_.one_in(2);
  host.tls = chance_.one_in(3);
  if (chance_.one_in(20)) host.most_recipients = static_cast<unsigned>(chance_.between(1, 5));
  if (kind == HostKind::tarpit) host.pace = seconds(chance_.between(2, 60));
  if (kind == HostKind::closes_often) host.limit = static_cast<unsigned>(chance_.between(1, 5));
  if (kind == HostKind::limits_rate) host.limit = static_cast<unsigned>(chance_.between(3, 40));
  if (kind == HostKind::limits_connections) host.limit = static_cast<unsigned>(chance_.between(1, 4));
  host.greylisted = seconds(chance_.between(30, 3600));
  host.period = minutes(chance_.between(5, 180));
  if (kind == HostKind::outages) add_windows(host.outages, hours(1), hours(30));
  hosts.push_back(std::move(host));
  return hosts.back().index;
}

HostKind World::any_kind() {
  auto left = static_cast<unsigned>(chance_.below(1000));
  for (const Share& share : kShares) {
    if (left < share.permille) return share.kind;
    left -= share.permille;
  }
  return HostKind::healthy;
}

void World::add_windows(std::vector<Window>& windows, Duration shortest, Duration longest) {
  for (std::uint64_t count = chance_.between(1, 4); count > 0; --count) {
    const Instant from = begin_ + Duration(chance_.below(static_cast<std::uint64_t>(span_.count())));
    windows.push_back({from, from + Duration(chance_.between(static_cast<std::uint64_t>(shortest.count()),
                                                             static_cast<std::uint64_t>(longest.count())))});
  }
}

void World::add_destination() {
  const auto index = static_cast<std::uint32_t>(destinations.size());
  Destination destination;
  destination.name = "d" + std::to_string(index) + ".example";
  if (index < kHomes) {
    make_home(destination, index);
  } else {
    give_hosts(destination);
    give_trouble(destination);
  }
  destinations.push_back(std::move(destination));
}

// Most senders live where mail arrives; some where it arrives late, or never.
void World::make_home(Destination& destination, std::uint32_t index) {
  HostKind kind = HostKind::healthy;
  if (index + 1 == kHomes) kind = HostKind::refuses;
  if (index + 2 == kHomes) kind = HostKind::greylists;
  if (index + 3 == kHomes) kind = HostKind::loses_replies;
  destination.mx.push_back({10, add_host(kind)});
}

void World::give_hosts(Destination& destination) {
  if (chance_.permille(300)) {
    destination.mx.push_back({10, static_cast<std::uint32_t>(chance_.below(providers_))});
  } else {
    destination.mx.push_back({10, add_host(any_kind())});
  }
  if (chance_.permille(250)) {
    const std::uint16_t preference = chance_.one_in(4) ? 10 : 20;
    const bool shared = chance_.one_in(3);
    const std::uint32_t host = shared ? static_cast<std::uint32_t>(chance_.below(providers_)) : add_host(any_kind());
    if (host != destination.mx.front().host) destination.mx.push_back({preference, host});
  }
}

void World::give_trouble(Destination& destination) {
  const auto share = chance_.below(1000);
  if (share < 50) {
    destination.lookup = Lookup::fails_at_times;
    add_windows(destination.failures, minutes(5), hours(26));
  } else if (share < 60) {
    destination.lookup = Lookup::always_fails;
  } else if (share < 70) {
    destination.lookup = Lookup::no_such_domain;
  } else if (share < 75) {
    destination.lookup = Lookup::null_mx;
  }
  destination.times_out = chance_.one_in(2);
  if (chance_.permille(150)) destination.unknown_users = static_cast<unsigned>(chance_.between(10, 400));
  if (!chance_.permille(50)) return;
  destination.moves = begin_ + Duration(chance_.below(static_cast<std::uint64_t>(span_.count())));
  destination.moved_mx.push_back({10, add_host(any_kind())});
}

void World::judge_health() {
  std::set<std::vector<std::pair<std::uint16_t, std::uint32_t>>> sites;
  const auto healthy = [this](const MailExchanger& mx) { return hosts[mx.host].kind == HostKind::healthy; };
  for (Destination& destination : destinations) {
    destination.healthy = destination.lookup == Lookup::works && std::all_of(destination.mx.begin(), destination.mx.end(), healthy) &&
                          std::all_of(destination.moved_mx.begin(), destination.moved_mx.end(), healthy);
    for (const auto* list : {&destination.mx, &destination.moved_mx}) {
      std::vector<std::pair<std::uint16_t, std::uint32_t>> key;
      for (const MailExchanger& mx : *list) key.push_back({mx.preference, mx.host});
      if (!sites.insert(std::move(key)).second) continue;
      for (const MailExchanger& mx : *list) {
        ++hosts[mx.host].sites;
        hosts[mx.host].has_partner = hosts[mx.host].has_partner || list->size() > 1;
      }
    }
  }
}

bool World::is_unknown_user(std::uint32_t destination, std::uint64_t user) const {
  return mix(seed ^ user, destination) % 1000 < destinations[destination].unknown_users;
}

std::uint32_t World::destination_of(std::string_view name) const {
  std::uint32_t index = 0;
  std::from_chars(name.data() + 1, name.data() + name.size(), index);
  return index;
}

}  // namespace mxpress::sim
