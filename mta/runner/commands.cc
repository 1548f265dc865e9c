// Reads the configuration for the runner.
#include "mta/runner/commands.h"

#include <pwd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <vector>

#include "mta/config/config.h"
#include "mta/config/config_files.h"
#include "proto/printable.h"

namespace mxpress::mta::runner {
namespace {

constexpr time_t kSettled = 2;  // seconds: a file that has just changed may change again within the same tick of its clock

// The attributes of a file that change with its content.
struct Look {
  dev_t device = 0;
  ino_t number = 0;
  off_t size = -1;
  timespec changed{};
  bool operator==(const Look& other) const {
    return device == other.device && number == other.number && size == other.size && changed.tv_sec == other.changed.tv_sec &&
           changed.tv_nsec == other.changed.tv_nsec;
  }
  bool is_settled() const { return size >= 0 && ::time(nullptr) > changed.tv_sec + kSettled; }
};

Look look_at(const boost::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_ctim};
}

// Checks the files of the configuration. Added and removed files change the number; empty if they cannot be listed.
std::vector<Look> look_at_all(const boost::filesystem::path& file) {
  std::vector<Look> looks;
  const auto files = config::config_files(file);
  for (const auto& one : files ? *files : std::vector<boost::filesystem::path>{file}) looks.push_back(look_at(one));
  return looks;
}

struct Account {
  uid_t uid = 0;
  std::string home;
};

std::optional<Account> account_of(const std::optional<std::string>& name) {
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16 * 1024);
  if (name)
    ::getpwnam_r(name->c_str(), &entry, buffer.data(), buffer.size(), &found);
  else
    ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  if (!found) return std::nullopt;
  return Account{entry.pw_uid, entry.pw_dir};
}

// Contains nothing else of our environment.
std::vector<std::string> environment(std::vector<std::string> wanted) {
  const auto own = account_of(std::nullopt);
  std::vector<std::string> all{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                               "HOME=" + (own && !own->home.empty() ? own->home : "/"), "LANG=C.UTF-8"};
  std::move(wanted.begin(), wanted.end(), std::back_inserter(all));
  return all;
}

}  // namespace

struct Commands::Known {
  std::mutex mutex;
  std::vector<Look> look;                // for each file
  std::shared_ptr<const Config> config;  // null: not read, or it has errors
};

Commands::Commands(std::optional<boost::filesystem::path> file) : file_(std::move(file)), known_(std::make_unique<Known>()) {}

Commands::~Commands() = default;

Result<std::shared_ptr<const Config>> Commands::config() const {
  const std::lock_guard lock(known_->mutex);
  const auto look = look_at_all(file_.value_or(kDefaultConfigFile));  // before they are read
  const bool is_settled = std::all_of(look.begin(), look.end(), [](const Look& one) { return one.is_settled(); });
  if (known_->config && look == known_->look && is_settled) return known_->config;
  auto config = load_config(file_);
  known_->look = look;
  known_->config = config ? std::make_shared<const Config>(std::move(*config)) : nullptr;
  if (known_->config) return known_->config;
  return Error::transient("mxpress-runner cannot use the configuration, which it reads as its own user: " + config.error().message);
}

bool Commands::may_ask(uid_t uid) const {
  if (uid == 0) return true;
  const auto current = config();
  const auto daemon = account_of(current ? (*current)->user : Config().user);
  return uid == (daemon ? daemon->uid : ::geteuid());
}

Result<Commands::Command> Commands::password_of(const std::string& name) const {
  const auto current = config();
  if (!current) return current.error();
  const std::string purpose = "password of [credentials." + proto::printable(name, 64) + "]";
  const auto found = (*current)->credentials.find(name);
  if (found == (*current)->credentials.end() || found->second.password_command.empty())
    return Error::transient("the configuration has no command for the " + purpose + ": has it changed since the last mxpress reload?");
  const std::vector<std::string> wanted{"MXPRESS_WANTED=password", "MXPRESS_CREDENTIALS=" + name, "MXPRESS_USER=" + found->second.user};
  Command command{purpose, {found->second.password_command, environment(wanted)}, {}};
  command.limits.time = (*current)->runner.timeout;
  return command;
}

Result<Commands::Command> Commands::alert(std::string text) const {
  const auto current = config();
  if (!current) return current.error();
  if ((*current)->alerts.command.empty())
    return Error::transient("the configuration has no [alerts] command: has it changed since the last mxpress reload?");
  Command command{"[alerts] command", {(*current)->alerts.command, environment({"MXPRESS_WANTED=alert"})}, {}, std::move(text)};
  command.limits.time = (*current)->runner.timeout;
  return command;
}

}  // namespace mxpress::mta::runner
