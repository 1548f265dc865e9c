// Judges facts about this host.
#include "mta/doctor/host_checks.h"

#include <cerrno>
#include <cstring>

#include "proto/time.h"

namespace mxpress::mta::doctor {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kLeastFiles = 1000;
constexpr Duration kPast = std::chrono::hours(1);  // a clock that is this much behind a file is wrong, and not only corrected

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

Finding wrong(std::string check, std::string evidence, std::string remedy, std::vector<std::string> paste) {
  return {std::move(check), State::wrong, std::move(evidence), Actor::administrator, std::move(remedy), std::move(paste)};
}

}  // namespace

Findings check_daemon(const DaemonFacts& daemon) {
  if (!daemon.failure.empty())
    return {wrong("daemon", "mxpressd does not answer: " + daemon.failure + ".", "Start it, and see in its log why it ended.",
                  {"systemctl start mxpress", "journalctl -u mxpress"})};
  Findings findings;
  if (!daemon.accepts_mail)
    findings.push_back(wrong("daemon", "mxpressd takes no mail: " + daemon.why_not + ".", "See mxpress status.", {"mxpress status"}));
  for (const std::string& failure : daemon.failures)
    findings.push_back(wrong("daemon " + failure, "mxpressd says: " + failure, "See mxpress status.", {"mxpress status"}));
  for (const DaemonFacts::Outage& outage : daemon.outages)
    findings.push_back(
        wrong("outage " + outage.way, "This host cannot send by " + outage.way + ": " + outage.reason + ".", outage.advice, {}));
  if (findings.empty()) findings.push_back(fine("daemon", "mxpressd runs and takes mail."));
  return findings;
}

Findings check_keys_of(const DaemonFacts& daemon) {
  Findings findings;
  for (const DaemonFacts::Key& key : daemon.keys) {
    const std::string check = "dkim " + key.record;
    if (key.state == "signs")
      findings.push_back(fine(check, "mxpressd signs with this key, and sees its record."));
    else if (key.state == "lost" || key.state == "waits")
      findings.push_back({check,
                          State::wrong,
                          "mxpressd says of this key: " + key.state + (key.why.empty() ? "" : ": " + key.why) + ".",
                          Actor::zone_holder,
                          "Publish the record; root sees it by this command.",
                          {"mxpress dkim records"}});
  }
  return findings;
}

Finding check_clock(const ClockFacts& clock) {
  if (clock.now + kPast < clock.latest)
    return wrong("clock",
                 "It is " + proto::rfc5322_date(clock.now) + " by the clock, but " + clock.latest_file + " was changed at " +
                     proto::rfc5322_date(clock.latest) + ": the clock is wrong, and receivers refuse mail from the past.",
                 "Set the clock, and have it kept right.", {"timedatectl set-ntp true"});
  if (clock.is_synchronised) return fine("clock", "It is kept right (error at most " + std::to_string(clock.error_ms) + " ms).");
  return {"clock",
          State::unknown,
          "The kernel does not know that anybody keeps the clock right: " + proto::rfc5322_date(clock.now) + ".",
          Actor::administrator,
          "Compare it with another clock. A virtual machine can get the time from its host.",
          {"timedatectl timesync-status"}};
}

Findings check_disk(const DiskFacts& disk) {
  if (!disk.failure.empty()) return {unknown("disk", disk.folder + " cannot be asked for its room: " + disk.failure + ".")};
  Findings findings;
  const std::string room =
      std::to_string(disk.free / kMiB) + " MiB of " + std::to_string(disk.size / kMiB) + " MiB are free in " + disk.folder;
  const std::string reserve = std::to_string(disk.reserve / kMiB) + " MiB are the reserve ([spool] reserve)";
  if (disk.free < disk.reserve)
    findings.push_back(wrong("disk", room + ", and " + reserve + ": mxpressd takes no mail.", "Make room.", {"df -h " + disk.folder}));
  else if (disk.free < 2 * disk.reserve)
    findings.push_back(wrong("disk", room + ", and " + reserve + ": soon mxpressd takes no mail.", "Make room.", {"df -h " + disk.folder}));
  else
    findings.push_back(fine("disk", room + "; " + reserve + "."));
  if (disk.files == 0)
    findings.push_back(not_needed("inodes", "The file system of " + disk.folder + " has no limit of files."));
  else if (disk.free_files < kLeastFiles)
    findings.push_back(
        wrong("inodes", "The file system of " + disk.folder + " has place for " + std::to_string(disk.free_files) + " more files only.",
              "Remove files.", {"df -i " + disk.folder}));
  else
    findings.push_back(fine("inodes", "There is place for " + std::to_string(disk.free_files) + " more files."));
  return findings;
}

Finding check_program(const ProgramFacts& program) {
  switch (program.owner) {
    case ProgramFacts::Owner::nobody:
      return not_needed(program.name, "There is no such program: programs of this host hand mail in by SMTP alone.");
    case ProgramFacts::Owner::mxpress:
      return fine(program.name, "It is that of mxpress.");
    case ProgramFacts::Owner::unknown:
      return unknown(program.name, "It is " + program.target + "; whose that is is not known.");
    case ProgramFacts::Owner::other:
      break;
  }
  return wrong(
      program.name, "It is " + program.target + ", not that of mxpress: what programs of this host give it does not come to mxpressd.",
      "Remove the other mail server; its queue first, if mail waits there (mxpress import takes over its settings).", {"mxpress import"});
}

Finding check_alias(const AliasFacts& alias) {
  const std::string check = "alias " + alias.name;
  const std::string problems = joined(alias.problems);
  if (alias.targets.empty() && !alias.unknown_because.empty())
    return unknown(check, "Who gets its mail is not known: " + alias.unknown_because + ".");
  if (!alias.targets.empty())
    return fine(check, "Its mail goes to " + joined(alias.targets) + (problems.empty() ? "." : "; left out: " + problems + "."));
  return wrong(check, "Nobody gets the mail for " + alias.name + (problems.empty() ? "." : ": " + problems + "."),
               "Name who reads it, in /etc/aliases or in mxpress.toml.", {"[local]\naliases = { root = \"admin@example.com\" }"});
}

Finding check_listener(const Listener& listener, const ProbeResult& result) {
  const std::string check = "listener " + dns::address_and_port(listener.address, listener.port);
  if (result.greeting.find("ESMTP mxpress") != std::string::npos) return fine(check, "mxpressd has it.");
  if (result.error != 0 && listener.may_be_missing)
    return not_needed(check,
                      std::string("Nothing listens there (") + std::strerror(result.error) + "); this host may lack the address family.");
  if (result.error != 0)
    return wrong(check, std::string("Nothing listens there: ") + std::strerror(result.error) + ".", "Start mxpressd.",
                 {"systemctl start mxpress-smtp.socket mxpress"});
  if (result.greeting.empty()) return unknown(check, "Something takes connections there, and says nothing.");
  return wrong(check, "Another program has it, which says: " + result.greeting,
               "End that program, or give mxpressd another address by [listen] smtp.",
               {"ss -lntp sport = :" + std::to_string(listener.port)});
}

}  // namespace mxpress::mta::doctor
