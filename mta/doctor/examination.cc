// Runs the checks.
#include "mta/doctor/examination.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <deque>
#include <exception>

#include "mta/dkim/key_record.h"
#include "mta/doctor/block_lists.h"
#include "mta/doctor/dmarc_sample.h"
#include "mta/doctor/record_checks.h"
#include "mta/doctor/resolver_check.h"
#include "mta/routing/signing_keys.h"

namespace mxpress::mta::doctor {
namespace {

using records::HostRecord;
using records::RecordKind;
using records::RecordState;

// The keys that sign, by their records: as records::KeyBook chooses them.
dkim::KeyRing ring_of(const routing::SigningKeys* keys, const std::vector<HostRecord>& records) {
  if (!keys) return {};
  return routing::ring_of(*keys, [&records](const routing::DomainKeys& domain, const dkim::SigningKey& key) {
    if (domain.sign == SignWhen::never) return false;
    if (domain.sign == SignWhen::always) return true;
    const std::string name = dkim::record_name(key.selector, domain.domain);
    return std::any_of(records.begin(), records.end(), [&](const HostRecord& one) {
      return one.kind == RecordKind::dkim_key && one.name == name && one.state == RecordState::right;
    });
  });
}

class Examination {
 public:
  Examination(asio::io_context& io, const Case& subject, Tools tools, std::chrono::steady_clock::duration limit)
      : io_(io), case_(subject), tools_(tools), end_(std::chrono::steady_clock::now() + limit) {}

  Findings run() {
    for (const dns::ServerConfig& server : case_.servers) start("name-server " + server.to_string(), ask(server));
    run_all();
    for (const auto family : {dns::AddressFamily::ipv4, dns::AddressFamily::ipv6})
      start(std::string(port_check_name(family)), port(family));
    if (dns_answers_) {
      start("records", records());
      start("nxdomain", check_nxdomain(case_.random_label, tools_.usual));
      for (const proto::Domain& list : case_.block_lists)
        start("block-list " + list.text(), check_block_list(list.text(), case_.subject, tools_.zone));
    } else {
      no_dns();
    }
    for (const Listener& listener : case_.listeners)
      start("listener " + dns::address_and_port(listener.address, listener.port), probe(listener));
    run_all();
    return all();
  }

 private:
  struct Running {
    std::string check;
    std::optional<Findings> findings{};
  };

  void start(std::string check, Task<Findings> task) {
    running_.push_back({std::move(check)});
    asio::co_spawn(io_, std::move(task), [this, &slot = running_.back()](std::exception_ptr bug, Findings findings) {
      if (bug) bug_ = bug;
      slot.findings = std::move(findings);
      if (std::all_of(running_.begin(), running_.end(), [](const Running& one) { return one.findings.has_value(); })) io_.stop();
    });
  }

  // Resolvers may keep timers: all tasks are done when `io` is stopped.
  void run_all() {
    io_.restart();
    io_.run_until(end_);
    if (bug_) std::rethrow_exception(bug_);
  }

  Task<Findings> ask(dns::ServerConfig server) {
    ServerFound found = co_await check_server(std::move(server), tools_.servers);
    dns_answers_ = dns_answers_ || found.answers;
    Findings findings;
    findings.push_back(std::move(found.finding));
    co_return findings;
  }

  Task<Findings> port(dns::AddressFamily family) {
    PortFacts facts = case_.port;
    if (!dns_answers_) facts.probe_domains.clear();
    co_return co_await check_port(case_.subject, family, std::move(facts), tools_.usual, tools_.hosts);
  }

  Task<Findings> records() {
    const std::vector<HostRecord> found = co_await records::check_host_records(case_.subject.mail, tools_.zone);
    Findings findings = check_records(case_.subject, found);
    if (!case_.keys) replace_keys(findings);
    Findings sample = co_await check_dmarc_sample(case_.subject, ring_of(case_.keys, found), spf_state(findings), tools_.zone);
    findings.insert(findings.end(), sample.begin(), sample.end());
    co_return findings;
  }

  // What the daemon says of keys that this user cannot read.
  void replace_keys(Findings& findings) const {
    Findings told = check_keys_of(case_.daemon);
    if (told.empty()) return;
    std::erase_if(findings, [](const Finding& one) { return one.check == "dkim"; });
    findings.insert(findings.end(), told.begin(), told.end());
  }

  Task<Findings> probe(Listener listener) {
    ProbeResult result = co_await tools_.hosts.probe(listener.address, listener.port);
    Findings findings;
    findings.push_back(check_listener(listener, result));
    co_return findings;
  }

  void no_dns() {
    for (const char* check : {"address", "ptr", "spf", "dkim", "dmarc", "nxdomain", "block-lists"})
      unasked_.push_back(unknown(check, "No name server answers."));
  }

  Findings all() {
    Findings findings = check_daemon(case_.daemon);
    const auto add = [&findings](const Findings& more) { findings.insert(findings.end(), more.begin(), more.end()); };
    add(check_name(case_.subject));
    for (const Running& one : running_)
      add(one.findings ? *one.findings : Findings{unknown(one.check, "It did not end within the time for all checks ([doctor] timeout).")});
    add(unasked_);
    findings.push_back(check_dnssec(case_.daemon.dane));
    return findings;
  }

  asio::io_context& io_;
  const Case& case_;
  const Tools tools_;
  const std::chrono::steady_clock::time_point end_;
  std::deque<Running> running_;  // references to its elements stay valid
  Findings unasked_;
  bool dns_answers_ = false;
  std::exception_ptr bug_;
};

}  // namespace

Findings examine(asio::io_context& io, const Case& subject, Tools tools, std::chrono::steady_clock::duration limit) {
  return Examination(io, subject, tools, limit).run();
}

}  // namespace mxpress::mta::doctor
