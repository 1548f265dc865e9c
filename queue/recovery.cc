// Recovery: what the last run left becomes the state of this one.
#include <algorithm>

#include "queue/quarantine.h"
#include "queue/spool_impl.h"

namespace mxpress::queue {
namespace {

bool are_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

// RUN-N.part
bool is_part(std::string_view name) {
  if (!name.ends_with(".part")) return false;
  name.remove_suffix(5);
  const auto dash = name.find('-');
  return dash != std::string_view::npos && are_digits(name.substr(0, dash)) && are_digits(name.substr(dash + 1));
}

std::optional<QueueId> id_of_large(std::string_view name) {
  return name.ends_with(".large") ? QueueId::parse(name.substr(0, name.size() - 6)) : std::nullopt;
}

}  // namespace

Status SpoolImpl::recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) {
  std::map<std::string, SiteRecord> sites;
  const auto status = read_earlier_runs(sites);
  {
    auto shared = shared_.lock();
    shared->counters.recovered = status.ok();
    shared->counters.not_recovered_because = status ? "" : status.error().message;
  }
  if (!status) return status;
  for (const auto& [name, record] : sites) site(record);  // first: otherwise each message would ask its host again
  return tell(found);
}

Status SpoolImpl::read_earlier_runs(std::map<std::string, SiteRecord>& sites) {
  // What a killed run wrote may still be in the page cache only; what follows from it must not reach the disk first.
  if (auto s = disk_.sync_all(paths_.root); !s) return s;
  auto replayed = replay(disk_, paths_, old_segments_, run_, [this] { return recovery_given_up_.load(); });
  if (!replayed) return replayed.error();
  for (const auto& finding : replayed->findings) (finding.kind == Finding::Kind::damage ? options_.report : options_.note)(finding.text);
  if (auto s = write_again(replayed->tails); !s) return s;
  if (auto s = clean_incoming(*replayed); !s) return s;
  if (auto s = leave_unread(*replayed); !s) return s;
  keep_damage(*replayed);  // nothing below fails: what is counted is counted once
  replayed->index.sites.forget_old(options_.wall());
  sites = std::move(replayed->sites);
  std::erase_if(sites, [&](const auto& site) { return !replayed->index.sites.find(site.first); });
  merge(std::move(*replayed));
  return {};
}

// A sync that failed leaves pages that can be read and count as clean: no sync writes them any more. What is to be relied on is written
// again, octet by octet the same.
Status SpoolImpl::write_again(const std::vector<Replayed::Tail>& tails) {
  for (const auto& tail : tails) {
    auto file = disk_.open(segment_path(paths_.journal(), tail.segment), Open::write);
    if (!file) return file.error();
    const auto bytes = read_exactly(**file, tail.begin, tail.end - tail.begin);
    if (!bytes) return bytes.error();
    if (auto s = (*file)->write_at(tail.begin, {*bytes}); !s) return s;
    if (auto s = (*file)->sync(); !s) return s;
  }
  return {};
}

// What the disk does not give now stays where it is, with all that the journal has of it: nothing is dropped in this run.
Status SpoolImpl::leave_unread(const Replayed& found) {
  if (found.unread == 0) return {};
  if (const auto other = disk_.open(paths_.root / "format", Open::read); !other) return other.error();  // not one file's trouble
  auto shared = shared_.lock();
  shared->keep_segments = true;
  shared->counters.unread += found.unread;
  return {};
}

// Files that were not complete, or whose message was never acknowledged.
Status SpoolImpl::clean_incoming(const Replayed& found) {
  std::set<std::string> keep;
  for (const auto id : found.misplaced) keep.insert(paths_.large(id).filename().string());
  for (const auto& file : found.damaged) keep.insert(file.path.filename().string());
  const auto names = disk_.list(paths_.incoming());
  if (!names) return names.error();
  const auto own = std::to_string(run_) + "-";
  for (const auto& entry : *names) {
    if (entry.kind != FolderEntry::Kind::file || keep.contains(entry.name) || entry.name.starts_with(own)) continue;
    const auto id = id_of_large(entry.name);
    if (id ? run_of(*id) == run_ : !is_part(entry.name)) continue;
    if (auto s = disk_.remove(paths_.incoming() / entry.name); !s) report(s.error().message);
  }
  return {};
}

void SpoolImpl::keep_damage(const Replayed& found) {
  for (const auto& region : found.regions) keep_damaged(region.name, *region.file, region.begin, region.end);
  for (const auto& file : found.damaged)
    if (auto aside = move_to_corrupt(disk_, paths_, file.path, file.id.to_string()); !aside) report(aside.error().message);
  const auto damages = std::count_if(found.findings.begin(), found.findings.end(),
                                     [](const Finding& finding) { return finding.kind == Finding::Kind::damage; });
  count_corrupt(static_cast<std::uint64_t>(damages));
}

void SpoolImpl::merge(Replayed found) {
  auto shared = shared_.lock();
  auto& index = shared->index;
  index.merge(std::move(found.index.entries), std::move(found.index.owners), std::move(found.index.waiting_mail));
  index.ended.insert(index.ended.begin(), found.index.ended.begin(), found.index.ended.end());
  for (auto& [number, segment] : found.index.segments) index.segments[number] = std::move(segment);
  for (const auto& [name, known] : found.index.sites)
    if (!shared->sites_recorded.contains(name.view())) index.sites.set(name.view(), known);
  shared->sites_recorded.clear();
  for (auto& [name, id] : found.index.drops) index.drops.emplace(name, id);
  shared->to_remove.insert(shared->to_remove.end(), found.finished.begin(), found.finished.end());
  shared->to_place.insert(shared->to_place.end(), found.misplaced.begin(), found.misplaced.end());
  shared->recovered = true;
  for (auto& operation : std::exchange(shared->until_recovered, {})) enqueue(shared, std::move(operation));
  index.forget(options_.ended_kept);
  housework_.notify_one();
}

Status SpoolImpl::tell(const std::function<void(const Message&)>& found) {
  for (const auto id : ids(false)) {
    if (run_of(id) == run_) continue;
    if (recovery_given_up_) return Error::transient(kRecoveryGivenUp);
    const auto message = load(id);
    if (message && !message->ended) found(*message);
    if (message || shared_.lock()->index.find(id) == nullptr) continue;
    report(id.to_string() + " cannot be read: " + message.error().message);
    auto shared = shared_.lock();
    ++(message.error().is_transient() ? shared->counters.unread : shared->counters.corrupt);
  }
  return {};
}

}  // namespace mxpress::queue
