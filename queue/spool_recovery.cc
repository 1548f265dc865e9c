// Recovers the mail of earlier runs.
#include "queue/spool_recovery.h"

#include <algorithm>

#include "queue/commit_queue.h"
#include "queue/guarded.h"
#include "queue/index.h"
#include "queue/journal.h"
#include "queue/message_table.h"
#include "queue/quarantine.h"
#include "queue/segment_file.h"
#include "queue/segment_hold.h"
#include "queue/sites.h"
#include "queue/spool_context.h"
#include "queue/spool_reader.h"

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

SpoolRecovery::SpoolRecovery(const SpoolContext& context, Parts parts, SegmentList segments)
    : context_(context), parts_(parts), segments_(std::make_unique<const SegmentList>(std::move(segments))) {}

SpoolRecovery::~SpoolRecovery() = default;

Status SpoolRecovery::recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) {
  std::map<std::string, SiteRecord> sites;
  const auto status = read_earlier_runs(sites);
  {
    auto table = parts_.table.lock();
    table->counters.recovered = status.ok();
    table->counters.not_recovered_because = status ? "" : status.error().message;
  }
  if (!status) return status;
  for (const auto& [name, record] : sites) site(record);  // first: otherwise each message would probe its host again
  return tell(found);
}

Status SpoolRecovery::read_earlier_runs(std::map<std::string, SiteRecord>& sites) {
  // Data written by a killed run may still be only in the page cache; later writes that depend on it must not reach the disk first.
  if (auto s = context_.disk.sync_all(context_.paths.root); !s) return s;
  auto replayed = replay(context_.disk, context_.paths, *segments_, context_.run, [this] { return given_up_.load(); });
  if (!replayed) return replayed.error();
  for (const auto& finding : replayed->findings)
    (finding.kind == Finding::Kind::damage ? context_.options.report : context_.options.note)(finding.text);
  if (auto s = write_again(replayed->tails); !s) return s;
  if (auto s = clean_incoming(*replayed); !s) return s;
  if (auto s = leave_unread(*replayed); !s) return s;
  keep_damage(*replayed);  // nothing below fails, so that each is counted once
  replayed->known_sites->forget_old(context_.options.wall());
  sites = std::move(replayed->sites);
  std::erase_if(sites, [&](const auto& site) { return !replayed->known_sites->find(site.first); });
  merge(std::move(*replayed));
  return {};
}

// After a failed sync the pages are readable and count as clean: no later sync writes them. Data that must be reliable is written again,
// octet by octet the same.
Status SpoolRecovery::write_again(const std::vector<Replayed::Tail>& tails) {
  for (const auto& tail : tails) {
    auto file = context_.disk.open(segment_path(context_.paths.journal(), tail.segment), Open::write);
    if (!file) return file.error();
    const auto bytes = read_exactly(**file, tail.begin, tail.end - tail.begin);
    if (!bytes) return bytes.error();
    if (auto s = (*file)->write_at(tail.begin, {*bytes}); !s) return s;
    if (auto s = (*file)->sync(); !s) return s;
  }
  return {};
}

// Data that cannot be read now stays in place, with all its journal records: nothing is dropped in this run.
Status SpoolRecovery::leave_unread(const Replayed& found) {
  if (found.unread == 0) return {};
  if (const auto other = context_.disk.open(context_.paths.root / "format", Open::read); !other)
    return other.error();  // not the failure of one file
  parts_.hold.set();
  parts_.table.lock()->counters.unread += found.unread;
  return {};
}

// Removes files that are incomplete, or whose message was never acknowledged.
Status SpoolRecovery::clean_incoming(const Replayed& found) {
  std::set<std::string> keep;
  for (const auto id : found.misplaced) keep.insert(context_.paths.large(id).filename().string());
  for (const auto& file : found.damaged) keep.insert(file.path.filename().string());
  const auto names = context_.disk.list(context_.paths.incoming());
  if (!names) return names.error();
  const auto own = std::to_string(context_.run) + "-";
  for (const auto& entry : *names) {
    if (entry.kind != FolderEntry::Kind::file || keep.contains(entry.name) || entry.name.starts_with(own)) continue;
    const auto id = id_of_large(entry.name);
    if (id ? run_of(*id) == context_.run : !is_part(entry.name)) continue;
    if (auto s = context_.disk.remove(context_.paths.incoming() / entry.name); !s) context_.report(s.error().message);
  }
  return {};
}

void SpoolRecovery::keep_damage(const Replayed& found) {
  for (const auto& region : found.regions) parts_.quarantine.keep(region.name, *region.file, region.begin, region.end);
  for (const auto& file : found.damaged)
    if (auto aside = move_to_corrupt(context_.disk, context_.paths, file.path, file.id.to_string()); !aside)
      context_.report(aside.error().message);
  const auto damages = std::count_if(found.findings.begin(), found.findings.end(),
                                     [](const Finding& finding) { return finding.kind == Finding::Kind::damage; });
  parts_.table.lock()->counters.corrupt += static_cast<std::uint64_t>(damages);
}

void SpoolRecovery::merge(Replayed found) {
  const LeftFiles files{std::move(found.misplaced), std::move(found.finished)};
  parts_.table.lock()->merge(std::move(*found.index), *found.known_sites, files);
  parts_.queue.release();
}

Status SpoolRecovery::tell(const std::function<void(const Message&)>& found) {
  for (const auto id : parts_.reader.ids(false)) {
    if (run_of(id) == context_.run) continue;
    if (given_up_) return Error::transient(kRecoveryGivenUp);
    const auto message = parts_.reader.load(id);
    if (message && !message->ended) found(*message);
    if (!message) count_unreadable(id, message.error());
  }
  return {};
}

void SpoolRecovery::count_unreadable(QueueId id, const Error& error) {
  {
    auto table = parts_.table.lock();
    if (!table->index().find(id)) return;  // it ended meanwhile
    ++(error.is_transient() ? table->counters.unread : table->counters.corrupt);
  }
  context_.report(id.to_string() + " cannot be read: " + error.message);
}

}  // namespace mxpress::queue
