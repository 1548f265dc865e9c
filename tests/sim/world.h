// The simulated internet as data: destinations, their DNS, and the behaviour of each mail host. Everything follows from a seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dns/address.h"
#include "mta/delivery/site.h"
#include "tests/sim/chance.h"

namespace mxpress::sim {

using mta::delivery::instant_now;
using queue::Instant;

enum class HostKind {
  healthy,
  greylists,           // 451 to each recipient until `greylisted` after its first attempt
  tarpit,              // each reply takes `pace`
  flapping,            // up and down in turn
  refuses,             // connection refused, always
  hangs,               // no answer to SYN, always
  says_nothing,        // connects, and never greets
  closes_often,        // 421 after `limit` messages of a session
  limits_rate,         // 450 beyond `limit` messages an hour
  limits_connections,  // 421 beyond `limit` connections
  loses_replies,       // sometimes closes after the dot, with or without accepting the message
  moody,               // 4xx and 5xx to DATA and dot, occasionally
  takes_no_mail,       // 521
  outages,             // healthy, except for some periods of hours to a day
};

struct Window {
  Instant from, to;
  bool holds(Instant now) const { return from <= now && now < to; }
};

struct Host {
  std::uint32_t index = 0;
  std::string name;
  dns::Address address;
  HostKind kind = HostKind::healthy;
  std::uint64_t seed = 0;
  Duration pace{0};
  unsigned limit = 0;
  Duration greylisted{0}, period{0};
  std::vector<Window> outages;
  unsigned most_recipients = 0;  // of one transaction, then 452; 0: any number
  bool pipelining = false, dsn = false, tls = false;
  unsigned sites = 0;        // sets of mail hosts that it belongs to
  bool has_partner = false;  // in one of them: then mail is delivered while it is down, and each new session may begin with it

  // At that moment every connection is refused or unanswered.
  bool is_dead(Instant now) const;
  // Dead for an hour already: the first failures, and deliveries in progress, are over.
  bool is_long_dead(Instant now) const;
};

struct MailExchanger {
  std::uint16_t preference = 0;
  std::uint32_t host = 0;
};

enum class Lookup { works, fails_at_times, always_fails, no_such_domain, null_mx };

struct Destination {
  std::string name;
  Lookup lookup = Lookup::works;
  std::vector<Window> failures;
  bool times_out = false;  // a failing lookup takes ten seconds
  std::vector<MailExchanger> mx, moved_mx;
  Instant moves = Instant::max();  // from then on moved_mx is used
  unsigned unknown_users = 0;      // of a thousand
  bool healthy = false;            // without any fault: its mail is delivered soon

  const std::vector<MailExchanger>& exchangers(Instant now) const { return now < moves ? mx : moved_mx; }
};

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t destinations = 50;
  Duration span = std::chrono::days(10);  // with periods of failures
};

// The first destinations are the homes of the senders: notices go there.
inline constexpr std::uint32_t kHomes = 8;

struct World {
  explicit World(const WorldOptions& options);

  std::uint64_t seed;
  std::vector<Host> hosts;
  std::vector<Destination> destinations;

  bool is_unknown_user(std::uint32_t destination, std::uint64_t user) const;
  // "d12.example" -> 12
  std::uint32_t destination_of(std::string_view name) const;

 private:
  std::uint32_t add_host(HostKind kind);
  HostKind any_kind();
  void add_destination();
  void give_hosts(Destination& destination);
  void give_trouble(Destination& destination);
  void make_home(Destination& destination, std::uint32_t index);
  void add_windows(std::vector<Window>& windows, Duration shortest, Duration longest);
  void judge_health();

  Chance chance_;
  Duration span_;
  Instant begin_;
  std::uint32_t providers_ = 0;
};

}  // namespace mxpress::sim
