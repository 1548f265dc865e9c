// The mxpress program: connects the command line to the daemon, or to the spool if no daemon runs.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>

#include "mta/cli/aliases_command.h"
#include "mta/cli/check_command.h"
#include "mta/cli/commands.h"
#include "mta/cli/completion.h"
#include "mta/cli/dkim_command.h"
#include "mta/cli/doctor_command.h"
#include "mta/cli/fsck_command.h"
#include "mta/cli/import_command.h"
#include "mta/cli/mailbox_command.h"
#include "mta/cli/notices_command.h"
#include "mta/cli/oauth_setup.h"
#include "mta/cli/replies_command.h"
#include "mta/cli/sendmail_programs.h"
#include "mta/cli/setup_command.h"
#include "mta/cli/spool_backend.h"
#include "mta/cli/tls_command.h"
#include "mta/cli/trace_command.h"
#include "mta/cli/why_command.h"
#include "mta/config/config_fields.h"
#include "mta/config/named_file.h"
#include "mta/config/placed_config.h"
#include "mta/control/backend.h"
#include "mta/control/local_domain_check.h"
#include "mta/control/status_answer.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

ExitCode complain(std::ostream& error, std::string_view text, ExitCode code) {
  error << "mxpress: " << text << "\n";
  return code;
}

// "hostname" of the first table, "listen.smtp": the names of keys in config::PlacedConfig.
std::string comment_of(const config::PlacedConfig& placed, const std::string& table, const std::string& key) {
  const auto place = placed.places.find(table + "." + key);
  return place == placed.places.end() ? "" : "  # " + proto::printable(place->second, 1000);
}

void show_config(std::ostream& out, config::PlacedConfig& placed) {
  std::string table;
  for (const auto& field : config::fields_of(placed.config)) {
    if (field.table != table) out << "\n[" << (table = field.table) << "]\n";
    if (const std::string value = field.show(); !value.empty())
      out << field.name << " = " << value << comment_of(placed, field.table, field.name) << "\n";
  }
  for (const auto& section : config::sections_of(placed.config)) {
    out << "\n[" << section.heading << "]\n";
    for (const auto& field : section.fields) {
      const std::string value = field.show(), inner = field.table.empty() ? "" : "." + field.table;
      if (!value.empty())
        out << inner.substr(inner.empty() ? 0 : 1) << (inner.empty() ? "" : ".") << field.name << " = " << value
            << comment_of(placed, section.heading + inner, field.name) << "\n";
    }
  }
}

std::string files_of(const config::PlacedConfig& placed) {
  std::string text;
  for (const auto& file : placed.files) text += (text.empty() ? "" : ", ") + file.string();
  return text.empty() ? "built-in defaults" : text;
}

ExitCode config_command(const CommandLine& line, config::PlacedConfig& placed, Streams streams) {
  for (const std::string& warning : placed.config.warnings) streams.error << "warning: " << proto::printable(warning, 1000) << "\n";
  if (line.arguments.front() == "show") return show_config(streams.out, placed), ExitCode::ok;
  for (const std::string& warning : control::check_local_domains(placed.config))
    streams.error << "warning: " << proto::printable(warning, 1000) << "\n";
  streams.out << "The configuration is right (" << files_of(placed) << ").\n";
  return ExitCode::ok;
}

Purpose purpose_of(const CommandLine& line) {
  constexpr std::array<std::string_view, 6> kActions = {"hold", "release", "retry", "flush", "bounce", "remove"};
  return std::find(kActions.begin(), kActions.end(), line.command) != kActions.end() && !line.dry_run ? Purpose::act : Purpose::look;
}

// False for output that programs read, and for commands that report a missing daemon themselves: those get no note.
bool is_read_by_people(const CommandLine& line) {
  constexpr std::array<std::string_view, 5> kSilent = {"mailq", "cat", "status", "wait", "reload"};
  return !line.json && std::find(kSilent.begin(), kSilent.end(), line.command) == kSilent.end();
}

// The daemon, else the spool itself: a user who may read it has all rights.
Result<std::unique_ptr<ControlClient>> find_queue(const Config& config, Purpose purpose) {
  auto daemon = connect_to_daemon(config.listen.control_socket);
  if (daemon) return daemon;
  const uid_t uid = ::geteuid();
  auto backend = open_spool_backend(config, purpose);
  if (!backend)
    return Error::transient("mxpressd does not answer (" + daemon.error().message + "); without it: " + backend.error().message);
  return answer_here(std::move(*backend), {uid, true});
}

// An error in the file must not hide the queue of a daemon that runs with its earlier settings.
Result<std::unique_ptr<ControlClient>> find_daemon_despite(const Error& mistake, const std::optional<boost::filesystem::path>& file,
                                                           std::ostream& error) {
  auto daemon = connect_to_daemon(control_socket_in(file));
  if (!daemon) return mistake;
  error << "mxpress: warning: " << mistake.message << "; asking the running daemon, which has older settings\n";
  return daemon;
}

std::string what_waits_outside(const Config& config) {
  const std::size_t dropped = control::count_dropped(config);
  return dropped == 0 ? "" : "; " + std::to_string(dropped) + " more message(s) of sendmail wait in " + config.drop_directory().string();
}

// The daemon alone knows the history; settings with an error do not matter for it.
ExitCode why_command(const CommandLine& line, const boost::filesystem::path& socket, Streams streams) {
  const auto daemon = connect_to_daemon(socket);
  if (!daemon) return complain(streams.error, "mxpressd does not answer (" + daemon.error().message + ")", ExitCode::temporary);
  return run_why(line, **daemon, streams);
}

bool is_about_aliases(const CommandLine& line) {
  return line.command == "aliases" || line.command == "newaliases" || line.command == "verify";
}

// The arguments of mxpress-send, if the command is "send"; only -c FILE may stand in front of it.
std::optional<std::vector<std::string>> arguments_for_send(const std::vector<std::string>& arguments) {
  const bool has_file = arguments.size() > 1 && (arguments[0] == "-c" || arguments[0] == "--config");
  const std::size_t at = has_file ? 2 : 0;
  if (arguments.size() <= at || arguments[at] != "send") return std::nullopt;
  std::vector<std::string> rest(arguments.begin() + static_cast<std::ptrdiff_t>(at) + 1, arguments.end());
  if (has_file) rest.insert(rest.begin(), {"-c", arguments[1]});
  return rest;
}

// Returns only if it fails.
ExitCode become_send(std::vector<std::string> arguments, std::ostream& error) {
  const Error failure = become_program("mxpress-send", std::move(arguments));
  return complain(error, failure.message + "; it is in the package mxpress-send", ExitCode::failed);
}

}  // namespace

ExitCode run_mxpress(const std::vector<std::string>& arguments, Streams streams) {
  if (auto rest = arguments_for_send(arguments)) return become_send(std::move(*rest), streams.error);
  const auto line = parse_command_line(arguments);
  if (!line) return complain(streams.error, line.error().message + " (mxpress --help)", ExitCode::usage);
  if (line->command == "help") return streams.out << usage(), ExitCode::ok;
  if (line->command == "version") return streams.out << "mxpress " MXPRESS_VERSION "\n", ExitCode::ok;
  if (line->command == "completion") return streams.out << completion_for(line->arguments.front()), ExitCode::ok;
  if (line->command == "trace") return run_trace(*line, streams);
  const auto file = config::named_file(line->config);
  auto placed = config::load_placed_config(file);
  if (placed && line->command == "config") return config_command(*line, *placed, streams);
  Result<Config> config = placed ? Result<Config>(std::move(placed->config)) : Result<Config>(placed.error());
  constexpr std::array<std::string_view, 11> kNeedConfig = {"config",  "replies", "notices", "fsck",  "dkim",  "setup",
                                                            "mailbox", "import",  "tls",     "check", "doctor"};
  const bool needs_config =
      is_about_aliases(*line) || std::find(kNeedConfig.begin(), kNeedConfig.end(), line->command) != kNeedConfig.end();
  if (!config && needs_config) return complain(streams.error, config.error().message, ExitCode::failed);
  if (is_about_aliases(*line)) return run_aliases(*line, *config, streams);
  if (line->command == "dkim") return run_dkim(*line, file.value_or(kDefaultConfigFile), *config, streams);
  if (line->command == "setup" && !line->arguments.empty()) return run_oauth_setup(*line, *config, streams);
  if (line->command == "setup") return run_setup(*line, file.value_or(kDefaultConfigFile), *config, streams);
  if (line->command == "replies") return run_replies(*line, *config, streams);
  if (line->command == "notices") return run_notices(*line, *config, streams);
  if (line->command == "tls") return run_tls(*line, *config, streams);
  if (line->command == "check") return run_check(*line, *config, streams);
  if (line->command == "doctor") return run_doctor(*line, *config, streams);
  if (line->command == "import") return run_import(*line, file, *config, streams);
  if (line->command == "fsck") return run_fsck(*line, *config, streams);
  if (line->command == "why") return why_command(*line, config ? config->listen.control_socket : control_socket_in(file), streams);
  if (line->command == "mailbox") return run_mailbox(*line, std::move(*config), streams);
  auto client = config ? find_queue(*config, purpose_of(*line)) : find_daemon_despite(config.error(), file, streams.error);
  if (!client) return complain(streams.error, client.error().message, config ? ExitCode::unreachable : ExitCode::failed);
  if (!(*client)->is_daemon() && is_read_by_people(*line))
    streams.error << "mxpress: note: no daemon runs, nothing is delivered until mxpressd is started" << what_waits_outside(*config) << "\n";
  return run_command(*line, **client, streams);
}

}  // namespace mxpress::mta::cli
