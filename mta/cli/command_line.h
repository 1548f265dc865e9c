// The command line of mxpress as values.
#pragma once

#include <boost/filesystem/path.hpp>
#include <optional>
#include <string>
#include <vector>

#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::mta::cli {

// Stable: scripts rely on them. docs/mxpress.1
enum class ExitCode {
  ok = 0,
  nothing_matched = 1,
  usage = 2,
  cannot_send = 2,  // for status
  unreachable = 3,
  refused = 4,
  failed = 5,
  repaired = 6,
  data = 65,  // these: sysexits.h, for check, and the commands that sendmail runs
  no_user = 67,
  unavailable = 69,
  temporary = 75,
  configuration = 78,
};

struct CommandLine {
  std::string command;                 // "queue", "show" ...; also "help" and "version"
  std::vector<std::string> arguments;  // ids, or the words after the command
  std::optional<boost::filesystem::path> config;
  std::string domain, sender, recipient, state;
  std::string name;                 // --name: of [credentials.NAME]
  std::string own;                  // --own: domains and networks of own hosts, for trace
  bool dns = false;                 // --dns: trace asks the DNS
  std::optional<std::int64_t> uid;  // --uid, also by the name of the user
  Duration older{0};
  std::optional<std::uint32_t> ended;  // --ended: number of ended messages to show
  bool all = false, messages = false, json = false, dry_run = false, repair = false;
  bool last = false;                               // --last: why is about the latest message of this user
  bool alert = false;                              // --alert: doctor has the daemon tell of changes
  bool yes = false;                                // --yes: setup and import ask no questions
  bool force = false;                              // --force: import replaces files
  bool retry = false;                              // --retry: debug has what waits tried at once
  std::optional<boost::filesystem::path> from;     // --from: the folder that import reads instead of /; the sender for check
  std::optional<boost::filesystem::path> message;  // --message: the file whose delivery is checked
  std::optional<Duration> wait;                    // --wait: how long setup waits for records, and debug for an attempt

  // The number of ended messages to request.
  std::uint32_t wanted_ended() const;
  bool selects() const;        // any selector is given
  bool has_condition() const;  // one that may exclude messages
};

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments);
std::string usage();

}  // namespace mxpress::mta::cli
