// mxpress-runner: runs the commands that the configuration names, apart from the daemon. docs/mxpress-runner.8
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <boost/program_options.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

#include "mta/config/config.h"
#include "mta/config/named_file.h"
#include "mta/runner/commands.h"
#include "mta/runner/server.h"
#include "mta/system/log.h"
#include "mta/system/notify.h"
#include "mta/system/passed_sockets.h"
#include "mta/system/privileges.h"
#include "mta/system/unix_listener.h"
#include "proto/sysexits.h"

namespace {

namespace options = boost::program_options;
using namespace mxpress;
using Path = boost::filesystem::path;

constexpr int kBacklog = 64;

std::optional<Path> option_of(const options::variables_map& given) {
  return given.count("config") ? std::optional<Path>(given["config"].as<std::string>()) : std::nullopt;
}

Result<mta::system::Descriptor> open_listener(const options::variables_map& given, const std::optional<Path>& file,
                                              mta::system::PassedSockets passed) {
  if (passed.size() > 1) return Error::permanent("systemd passes more than one socket");
  if (!passed.empty()) return std::move(passed.front().socket);
  if (given.count("socket")) return mta::system::listen_at(boost::filesystem::absolute(given["socket"].as<std::string>()), kBacklog);
  const auto config = mta::load_config(file);
  return config ? mta::system::listen_at(config->runner.socket, kBacklog) : config.error();
}

// No command runs as root, and none gets more rights than this process has.
Status give_up_rights(const std::string& name) {
  if (mta::system::is_root()) {
    const auto user = mta::system::find_user(name);
    if (!user)
      return Error::permanent("there is no user " + name + ", and commands never run as root: adduser --system --group " + name +
                              ", or name another by --user");
    if (Status status = mta::system::become_user(*user); !status) return status;
  }
  if (Status status = mta::system::drop_capabilities(); !status) return status;
  return mta::system::forbid_core_files();
}

// Readable when the process is to end. Of all threads: to be called before the second one.
mta::system::Descriptor signals_to_stop() {
  sigset_t wanted;
  ::sigemptyset(&wanted);
  ::sigaddset(&wanted, SIGTERM);
  ::sigaddset(&wanted, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
  return mta::system::Descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

int refuse(const std::string& why) {
  std::cerr << "mxpress-runner: " << why << "\n";
  return 1;
}

int serve(const options::variables_map& given, mta::system::PassedSockets passed) {
  const auto file = mta::config::named_file(option_of(given));
  auto listener = open_listener(given, file, std::move(passed));
  if (!listener) return refuse(listener.error().message);
  if (const auto status = mta::system::forbid_new_privileges(); !status) return refuse(status.error().message);
  if (const auto status = give_up_rights(given["user"].as<std::string>()); !status) return refuse(status.error().message);
  if (::chdir("/") != 0) return refuse(std::string("cannot go to /: ") + std::strerror(errno));
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);
  const auto stop = signals_to_stop();
  if (!stop.is_open()) return refuse(std::string("cannot wait for signals: ") + std::strerror(errno));
  mta::start_log(given.count("syslog") ? mta::LogTarget::syslog : mta::LogTarget::standard_error);
  mta::runner::Commands commands(file);
  mta::runner::RunnerServer server(std::move(*listener), stop.get(), commands);
  mta::system::notify_ready("waiting for mxpressd");
  server.serve();
  mta::stop_log();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  auto passed = mta::system::take_passed_sockets();
  mta::system::tidy_descriptors(static_cast<unsigned>(passed.size()));
  options::options_description description("mxpress-runner: runs the commands that the configuration of mxpress names.\nOptions");
  description.add_options()("config,c", options::value<std::string>()->value_name("FILE"),
                            "configuration file (default /etc/mxpress/mxpress.toml, which need not exist)")(
      "socket", options::value<std::string>()->value_name("PATH"), "where to listen (default: [runner] socket of the configuration)")(
      "user", options::value<std::string>()->value_name("NAME")->default_value("mxpress-runner"), "whom to become when root starts it")(
      "syslog", "log to syslog, facility mail, instead of standard error")("version", "print the version")("help,h", "print this text");
  try {
    options::variables_map given;
    options::store(options::command_line_parser(argc, argv).options(description).positional({}).run(), given);
    options::notify(given);
    if (given.count("help")) return std::cout << description, 0;
    if (given.count("version")) return std::cout << "mxpress-runner " MXPRESS_VERSION "\n", 0;
    return serve(given, std::move(passed));
  } catch (const options::error& error) {
    std::cerr << "mxpress-runner: " << error.what() << " (see mxpress-runner --help)\n";
    return static_cast<int>(proto::ExitCode::usage);
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}
