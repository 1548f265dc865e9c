// The queue without the daemon, for the mxpress command.
#include "mta/cli/spool_backend.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "dns/async.h"
#include "mta/host/privileges.h"
#include "queue/disk.h"
#include "queue/inspect.h"

namespace mxpress::mta::cli {
namespace {

using delivery::ActionEffect;
using delivery::DestinationStatus;

// Adds what waits of one message to the rows of its destinations.
void count(std::map<std::string, DestinationStatus>& rows, const queue::Message& message) {
  std::map<std::string, bool> seen;
  for (std::size_t i = 0; i < message.recipients.size() && i < message.envelope.recipients.size(); ++i) {
    const queue::RecipientState& state = message.recipients[i];
    if (state.stage != queue::RecipientStage::pending) continue;
    const std::string name = message.envelope.recipients[i].mailbox.domain().text();
    DestinationStatus& row = rows[name];
    const bool first = row.messages == 0;
    row.destination = name;
    row.next_try = first ? state.next_try : std::min(row.next_try, state.next_try);
    row.oldest = first ? message.envelope.submitted : std::min(row.oldest, message.envelope.submitted);
    if (state.last) row.last = state.last;
    if (std::exchange(seen[name], true)) continue;
    ++row.messages;
    row.held += message.held ? 1 : 0;
  }
}

class SpoolBackend final : public host::ControlBackend {
 public:
  SpoolBackend(Config config, std::unique_ptr<queue::Disk> disk, std::unique_ptr<queue::Inspection> inspection)
      : config_(std::make_shared<const Config>(std::move(config))), disk_(std::move(disk)), inspection_(std::move(inspection)) {}

  std::vector<queue::QueueId> ids() override { return inspection_ ? inspection_->ids(false) : std::vector<queue::QueueId>(); }
  Result<queue::Message> load(queue::QueueId id) override {
    return inspection_ ? inspection_->load(id) : Result<queue::Message>(Error::transient("the spool cannot be read"));
  }

  // Acting needs the spool for itself, so what was read is let go meanwhile and read again.
  Result<std::vector<ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) override {
    const std::size_t size = ids.size();
    inspection_.reset();
    const Status status = queue::apply_actions(*disk_, config_->spool_directory, action, std::move(ids));
    auto again = queue::Inspection::open(*disk_, config_->spool_directory);
    if (again) inspection_ = std::move(*again);
    if (!status) return status.error();
    return std::vector<ActionEffect>(size, ActionEffect::done);
  }

  Result<std::vector<DestinationStatus>> destinations() override {
    std::map<std::string, DestinationStatus> rows;
    for (const queue::QueueId id : ids())
      if (const auto message = load(id)) count(rows, *message);
    std::vector<DestinationStatus> result;
    for (auto& [name, row] : rows) result.push_back(std::move(row));
    return result;
  }

  host::DaemonStatus status() override {
    host::DaemonStatus status;
    status.counters.accepting = false;
    status.counters.messages = ids().size();
    status.counters.corrupt = inspection_ ? inspection_->findings().size() : 0;
    return status;
  }

  Status reload() override { return Error::transient("no daemon runs"); }
  std::shared_ptr<const Config> config() override { return config_; }

 private:
  std::shared_ptr<const Config> config_;
  std::unique_ptr<queue::Disk> disk_;
  std::unique_ptr<queue::Inspection> inspection_;
};

Status become_owner(const boost::filesystem::path& directory) {
  struct stat status{};
  if (::lstat(directory.c_str(), &status) != 0) return Error::permanent("no spool at " + directory.string() + ": " + std::strerror(errno));
  if (!host::is_root() || status.st_uid == 0) return {};
  const passwd* entry = ::getpwuid(status.st_uid);
  if (!entry) return Error::permanent("the spool belongs to user " + std::to_string(status.st_uid) + ", who has no name here");
  return host::become_user({entry->pw_name, status.st_uid, entry->pw_gid});
}

}  // namespace

Result<std::unique_ptr<host::ControlBackend>> open_spool_backend(Config config) {
  if (const Status status = become_owner(config.spool_directory); !status) return status.error();
  auto disk = std::make_unique<queue::SystemDisk>();
  auto inspection = queue::Inspection::open(*disk, config.spool_directory);
  if (!inspection) return inspection.error();
  return std::unique_ptr<host::ControlBackend>(std::make_unique<SpoolBackend>(std::move(config), std::move(disk), std::move(*inspection)));
}

}  // namespace mxpress::mta::cli
