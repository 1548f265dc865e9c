// Checks whether an address takes mail: goes the way of a delivery up to the reply to RCPT, and sends no mail.
//
// Everything is asked and decided by the code of deliveries: routing::RecipientRouting, delivery::find_policy_hosts(),
// transport::session_options(), smtp::ClientSession. Only waits are shorter, and all addresses are asked one after the other.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "dns/address.h"
#include "dns/async.h"
#include "dns/authentication.h"
#include "mta/check/server_answers.h"
#include "proto/mailbox.h"

namespace mxpress::dns {
class Resolver;
}
namespace mxpress::mta {
struct Config;
}
namespace mxpress::mta::net {
class Connector;
}
namespace mxpress::mta::sts {
class Lookup;
}

namespace mxpress::mta::check {

class Message;
class Watcher;
struct Findings;

inline constexpr std::size_t kMostAddresses = 10;     // that are asked
inline constexpr std::size_t kMostServers = 5;        // name servers that are asked one by one
inline constexpr std::chrono::minutes kMostTime{10};  // of a check

struct Asked {
  proto::Mailbox recipient;
  proto::ReversePath sender;
  std::int64_t uid = -1;             // of the user who would send
  const Message* message = nullptr;  // its size and form count; null: a small one. Outlives the check.
};

// The means of a check. All must outlive it.
struct Means {
  std::shared_ptr<const Config> config;
  std::shared_ptr<dns::Resolver> resolver;
  sts::Lookup* sts = nullptr;  // null: no MTA-STS
  net::Connector& connector;
  std::set<dns::Address> own;  // this host's addresses
  std::mt19937_64& random;
  std::vector<OneServer> servers{};  // that are asked one by one
  // How answers of `resolver` become authenticated; empty: not known.
  std::function<Task<dns::Authentication>()> authentication{};
};

// Fills `findings`, as far as it gets within kMostTime of `since`.
Task<void> check_hosts(Means means, Asked asked, BootTime since, Findings& findings, Watcher& watcher);

// The whole check by the configured name servers, on this thread, within kMostTime. Changes nothing.
Findings check_address(const std::shared_ptr<const Config>& config, const Asked& asked, Watcher& watcher);

}  // namespace mxpress::mta::check
