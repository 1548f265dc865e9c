// Reads a spool that no daemon has.
#include "queue/inspect.h"

#include <algorithm>

#include "queue/open_folder.h"
#include "queue/replay.h"

namespace mxpress::queue {
namespace {

class Reader : public Inspection {
 public:
  Reader(Disk& disk, Paths paths, std::shared_ptr<File> lock, Replayed replayed)
      : disk_(disk), paths_(std::move(paths)), lock_(std::move(lock)), replayed_(std::move(replayed)) {}

  std::vector<QueueId> ids(bool with_ended) const override {
    std::vector<QueueId> out;
    for (const auto& [id, entry] : replayed_.index.entries)
      if (!entry.ended) out.push_back(id);
    std::sort(out.begin(), out.end());
    if (with_ended) out.insert(out.end(), replayed_.index.ended.begin(), replayed_.index.ended.end());
    return out;
  }

  Result<Message> load(QueueId id) const override {
    const auto found = replayed_.index.entries.find(id);
    if (found == replayed_.index.entries.end()) return Error::permanent("there is no message " + id.to_string());
    const auto& entry = found->second;
    auto raw = read_raw(disk_, paths_, snapshot(replayed_.index, id, entry));
    if (!raw) return raw.error();
    auto message = to_message(std::move(*raw));
    message.ended = entry.ended;
    if (!entry.ended) return message;
    message.ended_at = entry.more->ended_at;
    message.content.reset();
    return message;
  }

  std::vector<SiteRecord> sites() const override {
    std::vector<SiteRecord> out;
    for (const auto& [name, site] : replayed_.index.sites) out.push_back(site.record);
    return out;
  }

  std::vector<std::string> findings() const override { return replayed_.findings; }

 private:
  Disk& disk_;
  Paths paths_;
  std::shared_ptr<File> lock_;
  Replayed replayed_;
};

}  // namespace

Result<std::unique_ptr<Inspection>> Inspection::open(Disk& disk, const boost::filesystem::path& directory) {
  Paths paths{directory};
  auto lock = lock_for_reading(disk, paths);
  if (!lock) return lock.error();
  const auto segments = list_segments(disk, paths);
  if (!segments) return segments.error();
  auto replayed = replay(disk, paths, *segments, 0);
  if (!replayed) return replayed.error();
  return std::unique_ptr<Inspection>(std::make_unique<Reader>(disk, std::move(paths), std::move(*lock), std::move(*replayed)));
}

Status apply_actions(Disk& disk, const boost::filesystem::path& directory, ActionKind action, std::vector<QueueId> messages) {
  SpoolOptions options;
  options.directory = directory;
  options.segment_size = 256 * 1024;
  auto spool = Spool::open(disk, std::move(options), Spool::Committer::manual);
  if (!spool) return spool.error();
  if (auto s = (*spool)->recover([](const Message&) {}, [](const SiteRecord&) {}); !s) return s;
  Status status = Error::transient("the spool in " + directory.string() + " could not be written");
  (*spool)->act(action, std::move(messages), [&status](Status s) { status = std::move(s); });
  while ((*spool)->commit_batch()) {
  }
  spool->reset();  // answers what could not be written
  return status;
}

}  // namespace mxpress::queue
