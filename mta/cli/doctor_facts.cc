// Asks the configuration and the daemon.
#include "mta/cli/doctor_facts.h"

#include <algorithm>

#include "mta/cli/control_client.h"
#include "mta/cli/record_lookup.h"
#include "mta/config/config.h"
#include "mta/net/source_address.h"
#include "proto/control.pb.h"

namespace mxpress::mta::cli {
namespace {

using doctor::DaemonFacts;

constexpr std::uint32_t kEnded = 100;    // ended messages to look at for successes,
constexpr std::size_t kMessages = 1000;  // and all in all: waiting ones come first
constexpr Duration kRecent = std::chrono::hours(24);

void take_status(const control_pb::StatusInfo& status, DaemonFacts& facts) {
  facts.accepts_mail = status.accepting();
  facts.why_not = status.not_accepting_because();
  facts.failures.assign(status.trouble().begin(), status.trouble().end());
  facts.dane = status.dane();
  for (const control_pb::Outage& one : status.outage()) facts.outages.push_back({one.way(), one.reason(), one.advice()});
  for (const control_pb::SigningKey& one : status.signing_key()) facts.keys.push_back({one.record(), one.state(), one.why()});
}

void take_successes(const control_pb::MessageInfo& message, WallTime now, std::vector<doctor::Success>& successes) {
  for (const control_pb::AttemptInfo& attempt : message.attempt())
    for (const control_pb::HostAttemptInfo& one : attempt.host()) {
      const WallTime when{Duration(one.started_ms())};
      const bool is_reply = one.report().reply_code() != 0 && !one.report().address().empty();
      if (is_reply && now - when < kRecent) successes.push_back({one.report().host(), one.report().address(), when});
    }
}

bool is_at_port(const doctor::Success& success, std::uint16_t port) { return success.address.ends_with(":" + std::to_string(port)); }

bool is_in_use(const std::string& record, const DaemonFacts& daemon, bool is_next) {
  for (const DaemonFacts::Key& key : daemon.keys)
    if (key.record == record) return key.state != "replaced" && key.state != "off" && !(is_next && key.state == "waits");
  return !is_next;
}

}  // namespace

DaemonAnswer ask_daemon(const Config& config, WallTime now) {
  DaemonAnswer answer;
  const auto daemon = connect_to_daemon(config.listen.control_socket);
  if (!daemon) {
    answer.facts.failure = daemon.error().message;
    return answer;
  }
  control_pb::Request request;
  request.mutable_status();
  const Status asked = (*daemon)->ask(request, [&](const control_pb::Response& response) {
    if (response.has_status()) take_status(response.status(), answer.facts);
    return true;
  });
  if (!asked) answer.facts.failure = asked.error().message;
  // Where a route takes mail, an answer need not be that of a mail host of recipients.
  if (!asked || config.route || !config.routes.empty()) return answer;
  request.mutable_list()->mutable_selector()->set_all(true);
  request.mutable_list()->set_attempts(true);
  request.mutable_list()->set_ended(kEnded);
  const auto second = connect_to_daemon(config.listen.control_socket);
  if (!second) return answer;
  std::size_t messages = 0;
  (void)(*second)->ask(request, [&](const control_pb::Response& response) {
    if (response.has_message()) take_successes(response.message(), now, answer.successes);
    return ++messages < kMessages;
  });
  std::erase_if(answer.successes, [&](const doctor::Success& one) { return !is_at_port(one, config.delivery.port); });
  return answer;
}

bool goes_by_provider_alone(const Config& config) {
  if (!config.route || config.route->fallback) return false;
  const auto is_direct = [](const auto& entry) { return entry.second.route == kDirectRoute; };
  return std::none_of(config.destinations.begin(), config.destinations.end(), is_direct) &&
         std::none_of(config.subdomains.begin(), config.subdomains.end(), is_direct) &&
         std::none_of(config.senders.begin(), config.senders.end(), is_direct);
}

doctor::Subject subject_of(const Config& config, const proto::Domain& domain, const routing::SigningKeys* keys, const DaemonFacts& daemon) {
  doctor::Subject subject{host_mail(config, domain)};
  subject.is_direct = !goes_by_provider_alone(config);
  if (subject.is_direct) subject.mail.next_hop.clear();
  subject.provider = config.route ? config.route->source : "";
  subject.has_fallback = config.route && config.route->fallback;
  subject.family = config.delivery.address_family;
  subject.port = config.delivery.port;
  for (const dns::Address& address : net::source_addresses())
    if (dns::peculiarity(address).empty() && is_of_family(address, subject.family)) subject.sources.push_back(address);
  if (keys)
    subject.mail.keys = keys_of(*keys, domain, [&](const std::string& record, bool is_next) { return is_in_use(record, daemon, is_next); });
  return subject;
}

Status send_alert(const Config& config, const std::string& words) {
  const auto daemon = connect_to_daemon(config.listen.control_socket);
  if (!daemon) return daemon.error();
  control_pb::Request request;
  request.mutable_alert()->set_reason(words);
  control_pb::End end;
  const Status asked = (*daemon)->ask(request, [&end](const control_pb::Response& response) {
    if (response.has_end()) end = response.end();
    return true;
  });
  if (!asked) return asked;
  return end.result() == control_pb::End::OK ? Status() : Status(Error::permanent(end.text()));
}

}  // namespace mxpress::mta::cli
