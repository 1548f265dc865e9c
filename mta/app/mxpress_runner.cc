// mxpress-runner: runs the commands of the configuration in a process of its own. docs/mxpress-runner.8
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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
#include "mta/runner/alias_service.h"
#include "mta/runner/command_service.h"
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

// No command runs as root, or gets more rights than this process has.
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

// Readable when the process is to end. Applies to all threads: call it before the second one starts.
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

// Only the daemon's user and root may connect, so that nobody else can fill the backlog.
mta::system::Descriptor listen_for_mail(const Path& path, uid_t daemon) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) return errno = ENAMETOOLONG, mta::system::Descriptor();
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  mta::system::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path.c_str());
  const mode_t before = ::umask(0177);
  const bool is_bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::umask(before);
  const bool is_owned = is_bound && (::geteuid() == daemon || ::lchown(path.c_str(), daemon, static_cast<gid_t>(-1)) == 0);
  return is_owned && ::listen(socket.get(), kBacklog) == 0 ? std::move(socket) : mta::system::Descriptor();
}

int serve_until_stopped(mta::system::Descriptor listener, const mta::runner::Service& service, bool to_syslog) {
  if (::chdir("/") != 0) return refuse(std::string("cannot go to /: ") + std::strerror(errno));
  ::umask(077);
  std::signal(SIGPIPE, SIG_IGN);
  const auto stop = signals_to_stop();
  if (!stop.is_open()) return refuse(std::string("cannot wait for signals: ") + std::strerror(errno));
  mta::start_log(to_syslog ? mta::LogTarget::syslog : mta::LogTarget::standard_error);
  mta::runner::RunnerServer server(std::move(listener), stop.get(), service);
  mta::system::notify_ready("waiting for mxpressd");
  server.serve();
  mta::stop_log();
  return 0;
}

// A separate process from the one for passwords, with another user. It reads the configuration as root.
int serve_aliases(const options::variables_map& given, mta::system::PassedSockets passed) {
  const auto config = mta::load_config(mta::config::named_file(option_of(given)));
  if (!config) return refuse(config.error().message);
  const mta::LocalConfig& local = config->local;
  if (!local.allow_commands) return refuse("[local] allow_commands is false: no command is run for mail");
  if (passed.size() > 1) return refuse("systemd passes more than one socket");
  const auto daemon = mta::system::find_user(config->user);
  if (!daemon) return refuse(daemon.error().message);
  auto listener = passed.empty() ? listen_for_mail(local.command_socket, daemon->uid) : std::move(passed.front().socket);
  if (!listener.is_open()) return refuse("cannot listen at " + local.command_socket.string() + ": " + std::strerror(errno));
  if (const auto status = mta::system::forbid_new_privileges(); !status) return refuse(status.error().message);
  if (const auto status = give_up_rights(local.command_user); !status) return refuse(status.error().message);
  const mta::runner::AliasService service({daemon->uid, local.alias_file, local.command_user, "/",
                                           std::chrono::duration_cast<std::chrono::milliseconds>(config->runner.timeout)});
  return serve_until_stopped(std::move(listener), service, given.count("syslog") > 0);
}

int serve(const options::variables_map& given, mta::system::PassedSockets passed) {
  const auto file = mta::config::named_file(option_of(given));
  auto listener = open_listener(given, file, std::move(passed));
  if (!listener) return refuse(listener.error().message);
  if (const auto status = mta::system::forbid_new_privileges(); !status) return refuse(status.error().message);
  if (const auto status = give_up_rights(given["user"].as<std::string>()); !status) return refuse(status.error().message);
  const mta::runner::Commands commands(file);
  const mta::runner::CommandService service(commands);
  return serve_until_stopped(std::move(*listener), service, given.count("syslog") > 0);
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
      "aliases", "run the commands of [local] alias_file for mail, as [local] command_user, and nothing else")(
      "syslog", "log to syslog, facility mail, instead of standard error")("version", "print the version")("help,h", "print this text");
  try {
    options::variables_map given;
    options::store(options::command_line_parser(argc, argv).options(description).positional({}).run(), given);
    options::notify(given);
    if (given.count("help")) return std::cout << description, 0;
    if (given.count("version")) return std::cout << "mxpress-runner " MXPRESS_VERSION "\n", 0;
    return given.count("aliases") ? serve_aliases(given, std::move(passed)) : serve(given, std::move(passed));
  } catch (const options::error& error) {
    std::cerr << "mxpress-runner: " << error.what() << " (see mxpress-runner --help)\n";
    return static_cast<int>(proto::ExitCode::usage);
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
}
