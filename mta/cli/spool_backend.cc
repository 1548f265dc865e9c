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
#include "mta/control/backend.h"
#include "mta/history/search.h"
#include "mta/replies/current_rules.h"
#include "mta/system/privileges.h"
#include "queue/disk.h"
#include "queue/inspect.h"

namespace mxpress::mta::cli {
namespace {

using delivery::ActionEffect;
using delivery::DestinationStatus;

// Adds the waiting recipients of one message to the rows of its destinations.
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

class SpoolBackend final : public control::ControlBackend {
 public:
  SpoolBackend(Config config, std::unique_ptr<queue::Disk> disk)
      : config_(std::make_shared<const Config>(std::move(config))), disk_(std::move(disk)) {}

  Status open(Purpose purpose) {
    if (purpose == Purpose::look) {
      auto inspection = queue::Inspection::open(*disk_, config_->spool_directory);
      if (!inspection) return inspection.error();
      spool_ = std::move(*inspection);
      return {};
    }
    auto possession = queue::Possession::open(*disk_, config_->spool_directory);
    if (!possession) return possession.error();
    possession_ = possession->get();
    spool_ = std::move(*possession);
    return {};
  }

  std::vector<queue::QueueId> ids() override { return spool_->ids(false); }
  // Not used: a user who may read the spool may see all of it.
  std::vector<queue::QueueId> ids_of(uid_t uid) override {
    std::vector<queue::QueueId> own = ids();
    std::erase_if(own, [this, uid](queue::QueueId id) { return !owns(uid, id); });
    return own;
  }
  std::vector<queue::QueueId> ended() override {
    const std::vector<queue::QueueId> all = spool_->ids(true);
    return {all.rbegin(), all.rend() - static_cast<std::ptrdiff_t>(ids().size())};
  }
  std::vector<queue::QueueId> ended_of(uid_t uid) override {
    std::vector<queue::QueueId> own = ended();
    std::erase_if(own, [this, uid](queue::QueueId id) { return !owns(uid, id); });
    return own;
  }
  bool owns(uid_t uid, queue::QueueId id) override {
    const auto message = load(id);
    return message && message->envelope.submitter.owner() == std::int64_t{uid};
  }
  Result<queue::Message> load(queue::QueueId id) override { return spool_->load(id); }

  Result<std::vector<ActionEffect>> act(queue::ActionKind action, std::vector<queue::QueueId> ids) override {
    if (!possession_) return Error::permanent("the spool was opened only to look at it");
    const auto known = possession_->act(action, ids);
    if (!known) return known.error();
    std::vector<ActionEffect> effects;
    for (const bool is_known : *known) effects.push_back(is_known ? ActionEffect::done : ActionEffect::unknown);
    return effects;
  }

  Result<std::vector<DestinationStatus>> destinations() override {
    std::map<std::string, DestinationStatus> rows;
    for (const queue::QueueId id : ids())
      if (const auto message = load(id)) count(rows, *message);
    std::vector<DestinationStatus> result;
    for (auto& [name, row] : rows) result.push_back(std::move(row));
    return result;
  }

  control::DaemonStatus status() override {
    control::DaemonStatus status;
    status.counters.accepting = false;
    status.counters.messages = ids().size();
    for (const queue::Finding& finding : spool_->findings())
      status.counters.corrupt += finding.kind == queue::Finding::Kind::damage ? 1 : 0;
    return status;
  }

  Status reload() override { return Error::transient("no daemon runs"); }
  std::shared_ptr<const Config> config() override { return config_; }
  const history::Search* dialogues() override { return &dialogues_; }

 private:
  std::shared_ptr<const Config> config_;
  std::unique_ptr<queue::Disk> disk_;
  const history::Search dialogues_{*disk_, config_->dialogue_directory()};
  std::unique_ptr<queue::Inspection> spool_;
  queue::Possession* possession_ = nullptr;  // the same, when opened to act
};

}  // namespace

Status become_spool_owner(const boost::filesystem::path& directory) {
  struct stat status{};
  if (::lstat(directory.c_str(), &status) != 0) return Error::permanent("no spool at " + directory.string() + ": " + std::strerror(errno));
  if (S_ISLNK(status.st_mode) && system::is_root()) return system::not_through_link(directory);
  if (S_ISLNK(status.st_mode) && ::stat(directory.c_str(), &status) != 0)
    return Error::permanent("no spool at " + directory.string() + ": " + std::strerror(errno));
  const passwd* entry = ::getpwuid(status.st_uid);
  if (!system::is_root() && status.st_uid != ::geteuid())
    return Error::permanent("only root" + (entry ? " and " + std::string(entry->pw_name) : std::string()) + " can look into the spool");
  if (!system::is_root() || status.st_uid == 0) return {};
  if (!entry) return Error::permanent("the spool belongs to user " + std::to_string(status.st_uid) + ", who has no name here");
  return system::become_user({entry->pw_name, status.st_uid, entry->pw_gid});
}

Result<std::unique_ptr<control::ControlBackend>> open_spool_backend(Config config, Purpose purpose) {
  config.replies = replies::current_rules(config).rules;
  if (const Status status = become_spool_owner(config.spool_directory); !status) return status.error();
  auto backend = std::make_unique<SpoolBackend>(std::move(config), std::make_unique<queue::SystemDisk>());
  if (const Status status = backend->open(purpose); !status) return status.error();
  return std::unique_ptr<control::ControlBackend>(std::move(backend));
}

}  // namespace mxpress::mta::cli
