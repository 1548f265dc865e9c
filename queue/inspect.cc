// Reads a spool that no daemon has.
#include "queue/inspect.h"

#include <algorithm>

#include "queue/index.h"
#include "queue/message_records.h"
#include "queue/open_folder.h"
#include "queue/replay.h"
#include "queue/segment_file.h"
#include "queue/stepped_spool.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kActionSegment = 256 * 1024;  // octets; enough for a few actions

class Reader : public Inspection {
 public:
  Reader(Disk& disk, Paths paths, std::shared_ptr<File> lock, Replayed replayed)
      : disk_(disk), paths_(std::move(paths)), lock_(std::move(lock)), replayed_(std::move(replayed)) {}

  std::vector<QueueId> ids(bool with_ended) const override {
    std::vector<QueueId> out;
    replayed_.index->entries.for_each([&out](QueueId id, const Entry& entry) {
      if (!entry.ended) out.push_back(id);
    });
    std::sort(out.begin(), out.end());
    const std::vector<QueueId> ended = with_ended ? replayed_.index->ended.ids() : std::vector<QueueId>();
    out.insert(out.end(), ended.begin(), ended.end());
    return out;
  }

  Result<Message> load(QueueId id) const override {
    const auto* entry = replayed_.index->entries.find(id);
    if (!entry) return Error::permanent("there is no message " + id.to_string());
    auto raw = read_raw(disk_, paths_, snapshot(*replayed_.index, id, *entry));
    if (!raw) return raw.error();
    auto message = to_message(std::move(*raw));
    message.ended = entry->ended;
    if (!entry->ended) return message;
    message.ended_at = entry->ended_at();
    message.content.reset();
    return message;
  }

  std::vector<SiteRecord> sites() const override {
    std::vector<SiteRecord> out;
    for (const auto& [name, site] : replayed_.sites) out.push_back(site);
    return out;
  }

  std::vector<Finding> findings() const override { return replayed_.findings; }

 private:
  Disk& disk_;
  Paths paths_;
  std::shared_ptr<File> lock_;
  Replayed replayed_;
};

class Owner : public Possession {
 public:
  Owner(Disk& disk, const Path& directory) : directory_(directory.string()), disk_(disk) {}

  Status open() {
    SpoolOptions options;
    options.directory = directory_;
    options.segment_size = kActionSegment;
    options.report = [this](std::string finding) { findings_.push_back({Finding::Kind::note, std::move(finding)}); };
    auto spool = SteppedSpool::open(disk_, std::move(options));
    if (!spool) return spool.error();
    spool_ = std::move(*spool);
    return spool_->recover([](const Message&) {}, [this](const SiteRecord& site) { sites_.push_back(site); });
  }

  std::vector<QueueId> ids(bool with_ended) const override { return spool_->ids(with_ended); }
  Result<Message> load(QueueId id) const override { return spool_->load(id); }
  std::vector<SiteRecord> sites() const override { return sites_; }
  std::vector<Finding> findings() const override { return findings_; }

  Result<std::vector<bool>> act(ActionKind action, const std::vector<QueueId>& messages) override {
    const Status unwritten = Error::transient("the spool in " + directory_ + " could not be written");
    // Shared with the callbacks: operations that the disk refuses are answered when the spool is closed.
    const auto results = std::make_shared<std::vector<Status>>(messages.size(), unwritten);
    for (std::size_t i = 0; i < messages.size(); ++i)
      spool_->act(action, {messages[i]}, [results, i](Status status) { (*results)[i] = std::move(status); });
    while (spool_->commit_batch()) {
    }
    std::vector<bool> known;
    for (const Status& result : *results) {
      if (!result && result.error().is_transient()) return result.error();
      known.push_back(result.ok());
    }
    return known;
  }

 private:
  std::string directory_;
  Disk& disk_;
  std::vector<Finding> findings_;
  std::vector<SiteRecord> sites_;
  std::unique_ptr<SteppedSpool> spool_;  // last: it reports into the others while it ends
};

}  // namespace

Result<std::unique_ptr<Inspection>> Inspection::open(Disk& disk, const Path& directory) {
  Paths paths{directory};
  auto lock = lock_for_reading(disk, paths);
  if (!lock) return lock.error();
  const auto segments = list_segments(disk, paths);
  if (!segments) return segments.error();
  auto replayed = replay(disk, paths, *segments, 0);
  if (!replayed) return replayed.error();
  return std::unique_ptr<Inspection>(std::make_unique<Reader>(disk, std::move(paths), std::move(*lock), std::move(*replayed)));
}

Result<std::unique_ptr<Possession>> Possession::open(Disk& disk, const Path& directory) {
  // Only if the spool exists: looking for mail must not create a directory.
  const auto there = disk.exists(Paths{directory}.root / "format");
  if (!there) return there.error();
  if (!*there) return Error::permanent("there is no spool in " + directory.string());
  auto owner = std::make_unique<Owner>(disk, directory);
  if (auto s = owner->open(); !s) return s.error();
  return std::unique_ptr<Possession>(std::move(owner));
}

}  // namespace mxpress::queue
