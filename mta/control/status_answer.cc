// Gathers the status.
#include "mta/control/status_answer.h"

#include <sys/statvfs.h>

#include <boost/filesystem/operations.hpp>

#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/control/backend.h"
#include "mta/control/describe.h"
#include "mta/control/ending.h"
#include "mta/control/health.h"
#include "mta/control/peer.h"
#include "mta/transport/local_mailbox.h"
#include "proto/control.pb.h"

namespace mxpress::mta::control {
namespace {

constexpr std::size_t kMostCounted = 10'000;  // files of a folder
constexpr std::uint64_t kStatus = 20;         // units of WorkLimits

// Without files that are still being written.
std::size_t count_files(const boost::filesystem::path& folder) {
  namespace fs = boost::filesystem;
  std::size_t count = 0, seen = 0;
  boost::system::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end && seen < kMostCounted; at.increment(error), ++seen)
    count += at->path().extension() != ".part";
  return seen == kMostCounted ? seen : count;
}

void add_disk(control_pb::StatusInfo& info, const Config& config) {
  struct statvfs disk{};
  if (::statvfs(config.spool_directory.c_str(), &disk) == 0) info.set_disk_free(std::uint64_t{disk.f_bavail} * disk.f_frsize);
  const transport::MailboxUse mail = transport::mailbox_use(config.mailbox_directory());
  info.set_local_messages(mail.messages);
  info.set_local_bytes(mail.octets);
}

void describe_outages(control_pb::StatusInfo& info, const DaemonStatus& daemon, const Config& config) {
  for (const delivery::OutageStatus& outage : daemon.outages) {
    control_pb::Outage& told = *info.add_outage();
    told.set_way(outage.way);
    told.set_reason(outage.reason);
    told.set_advice(outage.advice);
    told.set_since_ms(milliseconds(outage.since));
    if (outage.way == "direct" && config.route && config.is_fallback_in_force && config.route->fallback)
      told.set_fallback(config.route->source);
  }
  info.set_hour_ended(daemon.hour.ended);
  info.set_hour_failed(daemon.hour.failed);
}

// Held mail does not count: it waits for an operator.
std::optional<WallTime> waiting_since(ControlBackend& backend, const StatusConfig& limits) {
  const auto oldest = backend.oldest();
  const bool is_old = oldest && Clock::current().wall() - *oldest > limits.oldest;
  return is_old ? backend.waiting_since() : oldest;
}

}  // namespace

std::size_t count_dropped(const Config& config) { return count_files(config.drop_directory()); }

void answer_status(const ControlPeer& peer, ControlBackend& backend, ControlOutlet& outlet) {
  outlet.charge(kStatus);
  const std::shared_ptr<const Config> in_force = backend.config();
  const Config& config = *in_force;
  const DaemonStatus daemon = backend.status();
  control_pb::Response response;
  control_pb::StatusInfo& info = *response.mutable_status();
  info.set_running(daemon.running);
  info.set_started_ms(milliseconds(daemon.started));
  info.set_accepting(daemon.counters.accepting);
  info.set_not_accepting_because(daemon.counters.not_accepting_because);
  info.set_messages(daemon.counters.messages);
  info.set_stored(daemon.counters.stored);
  info.set_ended(daemon.counters.ended);
  info.set_corrupt(daemon.counters.corrupt);
  info.set_journal_bytes(daemon.counters.journal_bytes);
  info.set_hostname(config.hostname);
  info.set_dane(daemon.running ? daemon.dane : config::dane_state(config, {}));
  info.set_mta_sts(config::mta_sts_state(config) + (daemon.policies.empty() ? "" : "; " + daemon.policies) +
                   (peer.may_do_everything && !daemon.last_policy_failure.empty() ? "; " + daemon.last_policy_failure : ""));
  if (const auto oldest = backend.oldest()) info.set_oldest_ms(milliseconds(*oldest));
  add_disk(info, config);
  for (const std::string& failure : daemon.failures) info.add_trouble(failure);
  if (daemon.running) describe_events(info, daemon);
  describe_keys(info, daemon.keys);
  describe_limits(info, daemon.limits);
  describe_providers(info, daemon.providers);
  describe_outages(info, daemon, config);
  if (daemon.counters.unread != 0)
    info.add_trouble(std::to_string(daemon.counters.unread) + " file(s) of the spool could not be read; the log says which and why");
  if (const std::size_t refused = count_files(config.refused_directory()); refused != 0)
    info.add_warning(std::to_string(refused) + " file(s) of sendmail could not be taken in; they are in " +
                     config.refused_directory().string());
  for (const std::string& warning : config.warnings) info.add_warning(warning);
  if (const std::size_t dropped = daemon.running ? 0 : count_dropped(config); dropped != 0)
    info.add_warning(std::to_string(dropped) + " more message(s) of sendmail wait in " + config.drop_directory().string() +
                     " until mxpressd is started");
  judge_health(info, daemon, config.status, waiting_since(backend, config.status), Clock::current().wall());
  if (outlet.send(response)) send_end(outlet, control_pb::End::OK, "", 1);
}

}  // namespace mxpress::mta::control
