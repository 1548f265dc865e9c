// mxpressd: the daemon's command line.
#include <boost/filesystem/operations.hpp>
#include <boost/program_options.hpp>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <random>
#include <string>
#include <system_error>
#include <utility>

#ifdef MXPRESS_USES_MIMALLOC
#include <mimalloc.h>
#endif

#include "mta/app/daemon.h"
#include "mta/config/config.h"
#include "mta/config/named_file.h"
#include "mta/system/crash_record.h"
#include "mta/system/log.h"
#include "mta/system/passed_sockets.h"
#include "mta/system/privileges.h"
#include "proto/sysexits.h"
#include "proto/text_hash.h"

namespace {

namespace options = boost::program_options;
using namespace mxpress;

// Must come before the first table exists: a table whose key changes finds nothing.
void choose_hash_key() {
  std::random_device device;
  const auto word = [&device] { return (std::uint64_t{device()} << 32) ^ device(); };
  proto::set_hash_key({word(), word()});
}

// Returns free memory to the system at once. Kept for reuse it was more than a third of the process with every budget used up, and the
// budgets (docs/budgets.md) count only memory in use.
void keep_no_free_memory() {
#ifdef MXPRESS_USES_MIMALLOC
#if MI_MALLOC_VERSION >= 210
  mi_option_set_default(mi_option_purge_delay, 0);
#else
  mi_option_set_default(mi_option_decommit_delay, 0);
#endif
#endif
}

// Runs after the daemon: systemd tells how it ended.
int note_end(const mta::Config& config) {
  const char* const result = std::getenv("SERVICE_RESULT");
  const auto status = mta::system::note_end(config.spool_directory, result ? result : "");
  if (!status) std::cerr << "mxpressd: " << status.error().message << "\n";
  return status ? 0 : 1;
}

int run_daemon(mta::Config config, const std::optional<boost::filesystem::path>& file, mta::system::PassedSockets passed) {
  const auto cannot_start = [](const std::string& reason) {
    mta::log(mta::LogLine(mta::Priority::error, "cannot_start").add("reason", reason));
    return 1;
  };
  try {
    auto daemon = mta::Daemon::start(std::move(config), file, std::move(passed));
    return daemon ? (*daemon)->run() : cannot_start(daemon.error().message);
  } catch (const std::system_error& error) {  // a thread cannot be started
    return cannot_start(error.what());
  }
}

std::optional<boost::filesystem::path> option_of(const options::variables_map& given) {
  return given.count("config") ? std::optional<boost::filesystem::path>(given["config"].as<std::string>()) : std::nullopt;
}

int serve(const options::variables_map& given, mta::system::PassedSockets passed) {
  choose_hash_key();
  const auto file = mta::config::named_file(option_of(given));
  auto config = mta::load_config(file);
  if (!config) {
    std::cerr << "mxpressd: " << config.error().message << "\n";
    return static_cast<int>(proto::ExitCode::configuration);
  }
  if (given.count("note-end")) return note_end(*config);
  std::signal(SIGPIPE, SIG_IGN);
  if (const auto status = mta::system::forbid_new_privileges(); !status) {
    std::cerr << "mxpressd: " << status.error().message << "\n";
    return 1;
  }
  mta::start_log(given.count("syslog") ? mta::LogTarget::syslog : mta::LogTarget::standard_error);
  for (const auto& warning : config->warnings) mta::log(mta::LogLine(mta::Priority::warning, "configuration").add("note", warning));
  const int exit_code = run_daemon(std::move(*config), file, std::move(passed));
  mta::stop_log();
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  keep_no_free_memory();
  auto passed = mta::system::take_passed_sockets();
  mta::system::tidy_descriptors(static_cast<unsigned>(passed.size()));
  options::options_description description("mxpressd: delivers mail straight to the recipients' mail hosts.\nOptions");
  description.add_options()("config,c", options::value<std::string>()->value_name("FILE"),
                            "configuration file (default /etc/mxpress/mxpress.toml, which need not exist)")(
      "note-end", "note how the daemon ended (for ExecStopPost= of systemd)")(
      "syslog", "log to syslog, facility mail, instead of standard error")("version", "print the version")("help,h", "print this text");
  try {
    options::variables_map given;
    // Without a list of positional arguments a forgotten -c would go unnoticed.
    options::store(options::command_line_parser(argc, argv).options(description).positional({}).run(), given);
    options::notify(given);
    if (given.count("help")) return std::cout << description, 0;
    if (given.count("version")) return std::cout << "mxpressd " MXPRESS_VERSION "\n", 0;
    return serve(given, std::move(passed));
  } catch (const options::error& error) {
    std::cerr << "mxpressd: " << error.what() << " (see mxpressd --help)\n";
    return static_cast<int>(proto::ExitCode::usage);
  } catch (const std::exception& error) {
    std::cerr << "mxpressd: " << error.what() << "\n";
    return 1;
  }
}
