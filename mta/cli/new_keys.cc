// Makes keys, and adds them to the configuration.
#include "mta/cli/new_keys.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>

#include "dns/async.h"
#include "mta/cli/control_client.h"
#include "mta/config/config.h"
#include "mta/config/placed_config.h"
#include "mta/system/atomic_file.h"
#include "mta/system/privileges.h"
#include "proto/control.pb.h"

namespace mxpress::mta::cli {
namespace {

using Path = boost::filesystem::path;

// "202611"
std::string month_now() {
  const auto day = std::chrono::floor<std::chrono::days>(Clock::current().wall());
  const std::chrono::year_month_day date(day);
  char text[16];
  std::snprintf(text, sizeof text, "%04d%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()));
  return text;
}

// The selectors of all domains: a file name or a record is easily taken for that of another one.
std::set<std::string> selectors_of(const Config& config) {
  std::set<std::string> all;
  for (const auto& [domain, table] : config.dkim)
    for (const auto* keys : {&table.keys, &table.next})
      for (const auto& [selector, file] : *keys) all.insert(selector);
  return all;
}

Path file_of(const Path& folder, const proto::Domain& domain, const std::string& selector) {
  return folder / (domain.text() + "." + selector + ".pem");
}

Status make_folder(const Path& folder, const std::optional<system::FileOwner>& owner) {
  const auto failed = [&folder] {
    return Error::permanent("cannot make " + folder.string() + ": " + std::strerror(errno) +
                            (errno == EACCES ? " (run this as root)" : ""));
  };
  if (::mkdir(folder.c_str(), 0750) != 0) return errno == EEXIST ? Status() : failed();
  if (owner && ::lchown(folder.c_str(), owner->uid, owner->gid) != 0) return failed();
  return ::chmod(folder.c_str(), 0750) == 0 ? Status() : failed();  // ignores the umask
}

Result<NewKey> make_key(const Path& file, const std::string& selector, dkim::KeyKind kind, const std::optional<system::FileOwner>& owner) {
  const auto key = dkim::Key::generate(kind);
  if (!key) return key.error();
  if (const Status made = system::create_file(file, key->pem(), {.mode = 0640, .owner = owner}); !made) return made.error();
  return NewKey{selector, file, key->public_key()};
}

}  // namespace

Result<std::optional<system::FileOwner>> owner_of_secrets(const Config& config) {
  if (!system::is_root()) return std::optional<system::FileOwner>();
  const auto user = system::find_user(config.user);
  if (!user) return user.error();
  return std::optional(system::FileOwner{0, user->gid});
}

Path key_folder(const Path& config_file) {
  const Path folder = config_file.has_parent_path() ? config_file.parent_path() : Path(".");
  return boost::filesystem::absolute(folder) / "dkim";
}

Result<std::vector<NewKey>> make_keys(const Path& config_file, const Config& config, const proto::Domain& domain) {
  const auto owner = owner_of_secrets(config);
  if (!owner) return owner.error();
  const Path folder = key_folder(config_file);
  if (const Status made = make_folder(folder, *owner); !made) return made.error();
  const std::set<std::string> taken = selectors_of(config);
  const auto is_free = [&](const std::string& selector) {
    return !taken.contains(selector) && ::access(file_of(folder, domain, selector).c_str(), F_OK) != 0;
  };
  std::string ending = month_now();
  for (char letter = 'b'; letter <= 'z' && !(is_free("rsa" + ending) && is_free("ed" + ending)); ++letter) ending = month_now() + letter;
  std::vector<NewKey> keys;
  for (const auto& [name, kind] : {std::pair("rsa", dkim::KeyKind::rsa), std::pair("ed", dkim::KeyKind::ed25519)}) {
    const std::string selector = name + ending;
    auto key = make_key(file_of(folder, domain, selector), selector, kind, *owner);
    if (!key) return key.error();
    keys.push_back(std::move(*key));
  }
  return keys;
}

config::KeyFiles files_of(const std::vector<NewKey>& keys) {
  config::KeyFiles files;
  for (const NewKey& key : keys) files.emplace(key.selector, key.file);
  return files;
}

Status edit_config(const Path& file, const Edit& edit) {
  const auto old = system::read_small_file(file);
  if (!old && old.error().is_transient()) return old.error();
  const std::string old_text = old ? *old : std::string();  // a permanent Error: there is no such file
  const auto text = edit(old_text);
  if (!text) return text.error();
  if (const Status right = config::check_with_text(file, *text); !right) return right.error();
  return system::change_file(file, old_text, *text);
}

std::optional<Status> reload_daemon(const Config& config) {
  const auto daemon = connect_to_daemon(config.listen.control_socket);
  if (!daemon) return std::nullopt;
  control_pb::Request request;
  request.mutable_reload();
  Status result;
  const Status asked = (*daemon)->ask(request, [&result](const control_pb::Response& response) {
    if (response.has_end() && response.end().result() != control_pb::End::OK) result = Error::permanent(response.end().text());
    return true;
  });
  return asked ? result : asked;
}

control_pb::StatusInfo ask_for_keys(const Config& config) {
  control_pb::StatusInfo status;
  const auto daemon = connect_to_daemon(config.listen.control_socket);
  if (!daemon) return status;
  control_pb::Request request;
  request.mutable_status();
  (void)(*daemon)->ask(request, [&status](const control_pb::Response& response) {
    if (response.has_status()) status = response.status();
    return true;
  });
  return status;
}

}  // namespace mxpress::mta::cli
