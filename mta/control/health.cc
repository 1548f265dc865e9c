// Derives a verdict from the status.
#include "mta/control/health.h"

#include <string>

#include "mta/config/config.h"
#include "mta/control/backend.h"
#include "proto/control.pb.h"
#include "queue/retry.h"

namespace mxpress::mta::control {
namespace {

void say(control_pb::StatusInfo& info, const char* verdict, const std::string& summary) {
  info.set_verdict(verdict);
  info.set_summary(summary);
}

std::string of_outage(const control_pb::Outage& outage) {
  const std::string way = outage.way() == "direct" ? "directly" : "by " + outage.way();
  const std::string meanwhile = outage.fallback().empty() ? "" : "; mail goes by " + outage.fallback() + " meanwhile";
  return "this host cannot send " + way + ": " + outage.reason() + meanwhile + "; what to do: " + outage.advice();
}

// No mail can be sent, or none can be accepted. False: both work.
bool is_out(control_pb::StatusInfo& info, const DaemonStatus& daemon) {
  if (!info.running())
    return say(info, kCannotSend, "mxpressd does not run, so nothing is delivered; what to do: systemctl start mxpress"), true;
  if (!info.accepting())
    return say(info, kCannotSend, "no mail is taken: " + info.not_accepting_because() + "; what to do: make room, or repair the disk"),
           true;
  for (const control_pb::Outage& outage : info.outage())
    if (outage.fallback().empty()) return say(info, kCannotSend, of_outage(outage)), true;
  if (daemon.refused_logins.empty()) return false;
  say(info, kCannotSend, daemon.refused_logins.front() + "; what to do: correct [credentials], then mxpress reload");
  return true;
}

// Like "3d" or "5h": the largest units are enough.
std::string rough(Duration time) {
  const auto hours = std::chrono::floor<std::chrono::hours>(time);
  return queue::format_duration(hours > std::chrono::hours(0) ? Duration(hours) : Duration(std::chrono::floor<std::chrono::minutes>(time)));
}

std::string late(const StatusConfig& limits, std::optional<WallTime> since, WallTime now) {
  if (!since || limits.oldest == Duration(0) || now - *since <= limits.oldest) return {};
  return "mail has waited for " + rough(now - *since) + ", longer than " + queue::format_duration(limits.oldest) +
         " ([status] oldest); what to do: mxpress queue says why";
}

std::string failing(const StatusConfig& limits, std::uint64_t ended, std::uint64_t failed) {
  if (ended < limits.least || failed * 100 <= limits.failures * ended) return {};
  return std::to_string(failed) + " of " + std::to_string(ended) + " recipients of the last hour failed, more than " +
         std::to_string(limits.failures) + " % ([status] failures); what to do: mxpress queue --all, and the log, say why";
}

}  // namespace

void judge_health(control_pb::StatusInfo& info, const DaemonStatus& daemon, const StatusConfig& limits,
                  std::optional<WallTime> waiting_since, WallTime now) {
  if (is_out(info, daemon)) return;
  if (info.outage_size() != 0) return say(info, kDegraded, of_outage(info.outage(0)));
  if (info.corrupt() != 0) return say(info, kDegraded, "the spool is damaged; what to do: stop mxpressd, then mxpress fsck");
  if (info.trouble_size() != 0) return say(info, kDegraded, info.trouble(0));
  for (const std::string& why : {failing(limits, info.hour_ended(), info.hour_failed()), late(limits, waiting_since, now)})
    if (!why.empty()) return say(info, kDegraded, why);
  say(info, kWell, "mail is taken and sent");
}

}  // namespace mxpress::mta::control
