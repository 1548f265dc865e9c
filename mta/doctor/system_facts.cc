// Asks the system.
#include "mta/doctor/system_facts.h"

#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstring>

#include "dns/async.h"
#include "mta/config/config.h"
#include "mta/config/endpoint.h"
#include "mta/routing/alias_watch.h"
#include "mta/routing/aliases.h"
#include "mta/routing/local_user.h"
#include "proto/command_recipient.h"

namespace mxpress::mta::doctor {
namespace {

namespace fs = boost::filesystem;
using system::UserAnswer;

void add_target(const Config& config, const proto::Mailbox& target, AliasFacts& facts) {
  if (proto::discarding_alias(target)) return facts.problems.push_back("its mail is thrown away (:blackhole:)");
  if (const auto command = proto::alias_command(target)) return facts.targets.push_back("a command of the alias " + command->alias);
  const std::string text = target.to_string();
  if (!config.is_local(target.domain())) return facts.targets.push_back(text);
  const UserAnswer answer = routing::ask_for_user(target);
  if (answer == UserAnswer::known || config.local.unknown_users == UnknownUsers::keep)
    facts.targets.push_back(text + " (on this host)");
  else if (answer == UserAnswer::unavailable)
    facts.unknown_because = "the name service does not say whether there is a user " + text;
  else
    facts.problems.push_back("there is no user " + text);
}

}  // namespace

ClockFacts clock_facts(const std::vector<fs::path>& files) {
  ClockFacts facts;
  struct timex now{};
  const int state = ::adjtimex(&now);
  facts.is_synchronised = state >= 0 && state != TIME_ERROR && (now.status & STA_UNSYNC) == 0;
  facts.error_ms = now.maxerror / 1000;
  facts.now = Clock::current().wall();
  for (const fs::path& file : files) {
    boost::system::error_code error;
    const std::time_t changed = fs::last_write_time(file, error);
    const WallTime when{std::chrono::seconds(changed)};
    if (error || when <= facts.latest) continue;
    facts.latest = when;
    facts.latest_file = file.string();
  }
  return facts;
}

DiskFacts disk_facts(const Config& config) {
  DiskFacts facts;
  facts.folder = config.spool_directory.string();
  facts.reserve = config.spool_reserve;
  struct statvfs disk{};
  if (::statvfs(config.spool_directory.c_str(), &disk) != 0) {
    facts.failure = std::strerror(errno);
    return facts;
  }
  facts.free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  facts.size = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  facts.free_files = disk.f_favail;
  facts.files = disk.f_files;
  return facts;
}

std::vector<fs::path> own_sendmail() {
  boost::system::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {folder / "sendmail", folder.parent_path() / "sbin" / "sendmail"};
}

ProgramFacts program_facts(const std::string& name, const std::vector<fs::path>& own) {
  ProgramFacts facts{name, {}, ProgramFacts::Owner::other};
  boost::system::error_code error;
  const fs::path target = fs::canonical(name, error);
  facts.target = error ? name : target.string();
  if (error == boost::system::errc::no_such_file_or_directory)
    facts.owner = ProgramFacts::Owner::nobody;
  else if (error)
    facts.owner = ProgramFacts::Owner::unknown;
  for (const fs::path& one : own)
    if (fs::equivalent(target, one, error) && !error) facts.owner = ProgramFacts::Owner::mxpress;
  return facts;
}

AliasFacts alias_facts(const Config& configured, const std::string& name) {
  Config config = configured;
  config.alias_book = routing::read_aliases(config);
  AliasFacts facts;
  facts.name = name;
  const proto::Domain own =
      config.is_local(config.own_domain()) || config.local_domains.empty() ? config.own_domain() : config.local_domains.front();
  const auto mailbox = proto::Mailbox::parse_qualifying(name, own);
  if (!mailbox) {
    facts.problems.push_back(mailbox.error().message);
    return facts;
  }
  const routing::AliasExpansion expansion = routing::expand_alias(config, *mailbox, config.max_recipients);
  facts.problems = expansion.refused;
  facts.unknown_because = expansion.deferred;
  for (const proto::Mailbox& target : expansion.mailboxes) add_target(config, target, facts);
  return facts;
}

std::vector<Listener> listeners_of(const Config& config) {
  std::vector<Listener> listeners;
  for (const std::string& text : config.listen.smtp) {
    const auto endpoint = config::parse_endpoint(text);
    if (endpoint) listeners.push_back({endpoint->address, endpoint->port, config.listen.smtp_is_default && endpoint->address.is_v6});
  }
  return listeners;
}

}  // namespace mxpress::mta::doctor
