// Makes the keys of a domain, and adds them to the configuration.
#pragma once

#include <boost/filesystem/path.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mta/config/config_edit.h"
#include "mta/dkim/key.h"
#include "mta/system/atomic_file.h"

namespace mxpress::control_pb {
class StatusInfo;
}
namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::cli {

struct NewKey {
  std::string selector;
  boost::filesystem::path file;
  dkim::PublicKey key;
};

// The folder for new keys: dkim/ beside the configuration.
boost::filesystem::path key_folder(const boost::filesystem::path& config_file);

// The owner for secret files created by root: root, and the group of the daemon's user. nullopt: this process is not root.
Result<std::optional<system::FileOwner>> owner_of_secrets(const Config& config);

// Makes an RSA-2048 and an Ed25519 key, each with a selector that `config` does not have ("rsa202611", "ed202611"), in files that only root
// and the daemon's group can read. Run by root, or by the daemon's user. The Error has the action to take.
Result<std::vector<NewKey>> make_keys(const boost::filesystem::path& config_file, const Config& config, const proto::Domain& domain);
config::KeyFiles files_of(const std::vector<NewKey>& keys);

// Changes the text of the file, and writes it. After an Error the file is unchanged.
using Edit = std::function<Result<std::string>(std::string_view text)>;
Status edit_config(const boost::filesystem::path& file, const Edit& edit);

// The daemon's answer to a reload; nullopt: no daemon runs.
std::optional<Status> reload_daemon(const Config& config);
// The status of the daemon, with its keys; without a daemon it has none.
control_pb::StatusInfo ask_for_keys(const Config& config);

}  // namespace mxpress::mta::cli
