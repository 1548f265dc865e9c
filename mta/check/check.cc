// From an address to the hosts, and over them.
#include "mta/check/check.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "dns/targets.h"
#include "mta/check/host_check.h"
#include "mta/check/lookups.h"
#include "mta/check/message.h"
#include "mta/check/server_answers.h"
#include "mta/check/watcher.h"
#include "mta/check/words.h"
#include "mta/config/config.h"
#include "mta/content/pipeline.h"
#include "mta/delivery/policy_hosts.h"
#include "mta/delivery/target_rules.h"
#include "mta/net/dane.h"
#include "mta/replies/rule_set.h"
#include "mta/routing/destination_name.h"
#include "mta/routing/route.h"
#include "mta/routing/sender_rules.h"
#include "mta/transport/demanded_sender.h"
#include "mta/transport/provider_terms.h"
#include "mta/transport/session_key.h"
#include "mta/transport/transport.h"
#include "proto/header.h"

namespace mxpress::mta::check {
namespace {

constexpr std::chrono::minutes kMostOverTime{3};  // of the host that is being asked at the end

// Stands for the message.
Message small_message() { return Message::parse("From: sender\n\nA message of usual size would have some hundred octets more.\n").value(); }

proto::Envelope envelope_of(const Asked& asked, const Config& config) {
  proto::Envelope envelope;
  envelope.reverse_path = asked.sender;
  envelope.submitter.uid = asked.uid;
  envelope.recipients.push_back({config.redirect.value_or(asked.recipient), {}, {}});
  if (!asked.message) return envelope;
  envelope.body = asked.message->facts().body();
  envelope.has_long_lines = asked.message->facts().needs_reencoding();
  return envelope;
}

// Without a message, in From the sender's own address.
routing::Authors authors_of(const Asked& asked) {
  if (asked.message && proto::find_field(asked.message->header(), "From")) return routing::authors_of(asked.message->header());
  routing::Authors authors;
  if (!asked.sender.is_null()) authors.addresses.push_back(asked.sender.to_string());
  return authors;
}

class Check {
 public:
  Check(Means means, Asked asked, BootTime since, Findings& findings, Watcher& watcher)
      : means_(std::move(means)),
        config_(*means_.config),
        asked_(std::move(asked)),
        end_(since + kMostTime),
        since_(since),
        findings_(findings),
        watcher_(watcher),
        envelope_(envelope_of(asked_, config_)) {}

  Task<void> run() {
    apply_own_rules();
    const bool goes_out = !findings_.own.is_local && findings_.own.refused.empty() && findings_.own.held_by.empty();
    routing::Route route;
    if (goes_out) route = routing::route_for(config_, destination());
    findings_.way = route.source.empty() ? "the DNS" : route.source;
    if (route.is_direct() && config_.route && config_.route->fallback) findings_.fallback = config_.route->source;
    watcher_.begun(findings_);
    if (!goes_out) co_return;
    if (route.is_direct() && !recipient().domain().is_address_literal()) co_await ask_servers();
    const dns::Targets found = co_await find_hosts(route);
    watcher_.found_hosts(findings_);
    if (!findings_.hosts.empty()) co_await ask_hosts(route, found);
  }

 private:
  const proto::Mailbox& recipient() const { return envelope_.recipients.front().mailbox; }

  routing::DestinationName destination() const { return routing::RecipientRouting(envelope_, config_).destination_of(recipient()); }

  void apply_own_rules() {
    const proto::Domain& domain = recipient().domain();
    findings_.recipient = recipient().to_string();
    findings_.sender = envelope_.reverse_path.to_string();
    findings_.domain = domain.text();
    OwnRules& own = findings_.own;
    own.is_local = config_.is_local(asked_.recipient.domain());
    if (own.is_local) findings_.recipient = asked_.recipient.to_string();
    if (config_.redirect && !own.is_local) own.redirected = config_.redirect->to_string();
    const routing::Authors authors = authors_of(asked_);
    if (const std::string author = routing::deciding_author(config_.senders, authors); author != findings_.sender)
      envelope_.author = author;
    envelope_.is_as_other = !routing::may_send(config_.senders, envelope_, authors);
    own.refused = routing::sender_refusal(config_.senders, envelope_, authors).value_or(std::string());
    const RouteConfig* const holding = config_.holding_route(domain, routing::sender_route(config_.senders, envelope_));
    if (holding && !own.is_local) own.held_by = holding->source;
  }

  Task<void> ask_servers() {
    for (const OneServer& server : means_.servers) {
      findings_.servers.push_back(co_await ask_server(server, {recipient().domain().text(), dns::RecordType::mx}));
      watcher_.answered(findings_.servers.back());
    }
    if (means_.authentication) findings_.authentication = co_await means_.authentication();
  }

  // As delivery::ResolveStage does it; further addresses behind those of an attempt.
  Task<dns::Targets> find_hosts(routing::Route& route) {
    const auto own = std::make_shared<const std::set<dns::Address>>(means_.own);
    const proto::Domain domain = recipient().domain();
    dns::TargetRules rules = delivery::target_rules(config_, domain, route, own);
    std::mt19937_64 again = means_.random;  // so that both lookups have the same order
    delivery::PolicyHosts found =
        co_await delivery::find_policy_hosts(means_.resolver, {means_.sts}, config_, domain, route, rules, means_.random);
    std::vector<dns::Target>& targets = found.targets.targets;
    const std::size_t of_attempt = targets.size();
    if (of_attempt >= rules.max_addresses) {
      rules.max_addresses = kMostAddresses;
      const auto more = co_await delivery::find_policy_hosts(means_.resolver, {}, config_, domain, route, rules, again);
      for (const dns::Target& target : more.targets.targets)
        if (targets.size() < kMostAddresses && std::find(targets.begin(), targets.end(), target) == targets.end())
          targets.push_back(target);
    }
    note(found, of_attempt);
    move_to_targets(found);
    route.tls = std::move(found.tls);
    co_return std::move(found.targets);
  }

  void note(const delivery::PolicyHosts& found, std::size_t of_attempt) {
    const dns::Targets& targets = found.targets;
    findings_.kind = targets.kind;
    if (targets.kind != dns::TargetsKind::found) {
      findings_.status = targets.status;
      findings_.failure = targets.text;
    }
    if (found.sts) findings_.sts = in_words(*found.sts);
    for (std::size_t i = 0; i < targets.targets.size(); ++i)
      findings_.hosts.push_back({targets.targets[i], net::policy_for(targets.targets[i], found.tls), i < of_attempt});
  }

  Task<void> ask_hosts(const routing::Route& route, const dns::Targets& found) {
    const transport::SessionKey key = transport::session_key(route, found);
    transport::Order order;
    order.terms = std::make_shared<const transport::SessionTerms>(key.terms);
    order.is_by_route = !route.is_direct();
    order.config = means_.config;
    order.rules = config_.replies;
    order.most_connections = config_.max_sessions_for(recipient().domain());
    const auto sent_as = transport::envelope_under(key.terms.author, envelope_);
    if (sent_as) findings_.sender = sent_as->reverse_path.to_string();
    if (key.terms.author) findings_.author = key.terms.author->to_string();
    Message message = asked_.message ? *asked_.message : small_message();
    content::Pipeline content(message, envelope_);
    if (key.terms.author) content.replace_author(*key.terms.author);
    for (std::size_t i = 0; i < findings_.hosts.size(); ++i) {
      if (findings_.is_out_of_time = BootClock::now() >= end_; findings_.is_out_of_time) break;
      findings_.hosts[i].target = found.targets[i];  // says whether the policy lists it
      findings_.hosts[i].limit = limit_of(order, found.targets[i]);
      content.leave_host();
      co_await check_host({means_.connector, order, sent_as ? *sent_as : envelope_, content, since_, watcher_}, findings_.hosts[i]);
    }
  }

  std::string limit_of(const transport::Order& order, const dns::Target& target) const {
    const std::string words = limit_in_words(transport::provider_terms(order, target));
    return words.empty() ? words : words + ", from " + config_.replies->source();
  }

  const Means means_;
  const Config& config_;
  const Asked asked_;
  const BootTime end_, since_;
  Findings& findings_;
  Watcher& watcher_;
  proto::Envelope envelope_;
};

Task<void> check_all(std::shared_ptr<const Config> config, const OwnLookups& lookups, Asked asked, Findings& findings, Watcher& watcher) {
  const BootTime since = BootClock::now();
  auto own = lookups.own_addresses();
  if (!own) {
    findings.own.refused = "The system did not tell the addresses of this host, so that it is not known which hosts are others.";
    co_return watcher.begun(findings);
  }
  std::mt19937_64 random(std::random_device{}());
  Means means{config, lookups.resolver(), &lookups.sts(), lookups.connector(), std::move(*own), random};
  means.servers = servers_of(*config, (co_await asio::this_coro::executor));
  means.authentication = [&lookups]() -> Task<dns::Authentication> {
    co_await lookups.tested();
    co_return lookups.authentication();
  };
  co_await check_hosts(std::move(means), std::move(asked), since, findings, watcher);
}

}  // namespace

Task<void> check_hosts(Means means, Asked asked, BootTime since, Findings& findings, Watcher& watcher) {
  Check check(std::move(means), std::move(asked), since, findings, watcher);
  co_await check.run();
}

// When the time is up the coroutine ends with its context; `findings` and `watcher` outlive that.
Findings check_address(const std::shared_ptr<const Config>& config, const Asked& asked, Watcher& watcher) {
  Findings findings;
  asio::io_context io;
  const OwnLookups lookups(io, *config);
  bool is_done = false;
  asio::co_spawn(io, check_all(config, lookups, asked, findings, watcher), [&](std::exception_ptr error) {
    if (error) std::rethrow_exception(error);
    is_done = true;
    io.stop();
  });
  io.run_for(kMostTime + kMostOverTime);
  if (!is_done) findings.is_out_of_time = true;
  return findings;
}

}  // namespace mxpress::mta::check
