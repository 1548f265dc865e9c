// Recovery: what the last run left becomes the state of this one.
#include "queue/spool_impl.h"

namespace mxpress::queue {

Status SpoolImpl::recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) {
  // What a killed run wrote may still be in the page cache only; what follows from it must not reach the disk first.
  if (auto s = disk_.sync_all(paths_.root); !s) return s;
  auto replayed = replay(disk_, paths_, old_segments_, run_);
  if (!replayed) return replayed.error();
  for (const auto& finding : replayed->findings) report(finding);
  if (auto s = keep_damage(*replayed); !s) return s;
  if (auto s = clean_incoming(replayed->misplaced); !s) return s;
  merge(std::move(*replayed));
  return tell(found, site);
}

// Files that were not complete, or whose message was never acknowledged.
Status SpoolImpl::clean_incoming(const std::vector<QueueId>& misplaced) {
  std::set<std::string> keep;
  for (const auto id : misplaced) keep.insert(paths_.large(id).filename().string());
  const auto names = disk_.list(paths_.incoming());
  if (!names) return names.error();
  const auto own = std::to_string(run_) + "-";
  for (const auto& entry : *names) {
    if (entry.kind != FolderEntry::Kind::file || keep.contains(entry.name) || entry.name.starts_with(own)) continue;
    const auto id = QueueId::parse(std::string_view(entry.name).substr(0, entry.name.find('.')));
    if (id && run_of(*id) == run_) continue;
    if (auto s = disk_.remove(paths_.incoming() / entry.name); !s) return s;
  }
  return {};
}

Status SpoolImpl::keep_damage(const Replayed& found) {
  for (const auto& region : found.regions) keep_damaged(region.name, *region.file, region.begin, region.end);
  for (const auto id : found.damaged)
    if (auto s = disk_.rename(paths_.file(id), paths_.corrupt() / id.to_string()); !s) return s;
  count_corrupt(found.regions.size() + found.damaged.size() + found.losses);
  return {};
}

void SpoolImpl::merge(Replayed found) {
  auto shared = shared_.lock();
  auto& index = shared->index;
  for (auto& [id, entry] : found.index.entries) index.entries.emplace(id, std::move(entry));
  index.ended.insert(index.ended.begin(), found.index.ended.begin(), found.index.ended.end());
  for (auto& [number, segment] : found.index.segments) index.segments[number] = std::move(segment);
  for (auto& [name, site] : found.index.sites) index.sites.emplace(name, std::move(site));
  for (auto& [name, id] : found.index.drops) index.drops.emplace(name, id);
  shared->to_remove.insert(shared->to_remove.end(), found.finished.begin(), found.finished.end());
  shared->to_place.insert(shared->to_place.end(), found.misplaced.begin(), found.misplaced.end());
  shared->recovered = true;
  for (auto& operation : std::exchange(shared->until_recovered, {})) enqueue(shared, std::move(operation));
  index.forget(options_.ended_kept);
  housework_.notify_one();
}

Status SpoolImpl::tell(const std::function<void(const Message&)>& found, const std::function<void(const SiteRecord&)>& site) {
  for (const auto id : ids(false)) {
    if (run_of(id) == run_) continue;
    const auto message = load(id);
    if (message && !message->ended) found(*message);
    if (message || shared_.lock()->index.find(id) == nullptr) continue;
    report(id.to_string() + " cannot be read: " + message.error().message);
    count_corrupt(1);
  }
  std::vector<SiteRecord> sites;
  {
    auto shared = shared_.lock();
    for (const auto& [name, entry] : shared->index.sites) sites.push_back(entry.record);
  }
  for (const auto& record : sites) site(record);
  return {};
}

}  // namespace mxpress::queue
