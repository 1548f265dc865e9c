// The work of the housekeeper beside checkpoints.
#include "queue/housework.h"

#include <utility>

#include "queue/age_clock.h"
#include "queue/commit_queue.h"
#include "queue/guarded.h"
#include "queue/housework_list.h"
#include "queue/index.h"
#include "queue/message_file.h"
#include "queue/message_folders.h"
#include "queue/message_records.h"
#include "queue/message_table.h"
#include "queue/segment_hold.h"
#include "queue/spool_context.h"
#include "queue/spool_reader.h"

namespace mxpress::queue {

bool Housework::is_due() { return !parts_.list.is_empty() || is_age_mark_due(); }

void Housework::work() {
  finish_large_stores();
  tidy();
}

void Housework::tidy() {
  place_large_files();
  remove_ended_files();
  if (is_age_mark_due()) mark_age();
}

// Without waiting mail no age has to be recorded.
bool Housework::is_age_mark_due() { return parts_.table.lock()->waiting() != 0 && parts_.age_clock.mark_is_due(); }

void Housework::mark_age() {
  if (auto s = parts_.age_clock.mark(); !s) context_.report("the age of the mail cannot be recorded: " + s.error().message);
}

void Housework::finish_large_stores() {
  for (auto& store : parts_.list.take_large()) {
    const auto status = finish_large(store);
    store.writer.reset();
    if (status)
      parts_.queue.push(std::move(store.operation));
    else
      store.operation->stored(Error::transient(status.error().message));
  }
}

// The message is complete and durable under its id in incoming/; it moves to its place once its Accepted record is durable, too.
Status Housework::finish_large(LargeStore& store) {
  const auto id = store.operation->id();
  const auto& paths = context_.paths;
  if (auto s = store.writer->finish(id, store.operation->meta, {}); !s) return s;
  if (auto s = store.writer->publish(paths.large(id)); !s) return s;
  auto status = context_.disk.sync_folder(paths.incoming());
  if (!status) (void)context_.disk.remove(paths.large(id));
  return status;
}

void Housework::place_large_files() {
  for (const auto id : parts_.list.take_to_place()) {
    {
      auto table = parts_.table.lock();
      if (const auto* entry = table->index().find(id); !entry || entry->ended) continue;
    }
    place(id);
  }
}

void Housework::place(QueueId id) {
  const auto& paths = context_.paths;
  auto status = parts_.folders.make(id);
  if (status) status = context_.disk.rename(paths.large(id), paths.file(id));
  if (status) return parts_.folders.note_change(paths.folder(id));
  context_.report("a large message stays in incoming/ for now: " + status.error().message);
  parts_.hold.set();  // recovery finds it by its record in the journal
}

void Housework::remove_ended_files() {
  auto ids = std::exchange(unremoved_, {});
  const auto more = parts_.list.take_to_remove();
  ids.insert(ids.end(), more.begin(), more.end());
  for (const auto id : ids) {
    std::optional<Snapshot> from;
    {
      auto table = parts_.table.lock();
      if (auto* entry = table->index().find(id)) from = snapshot(table->index(), id, *entry);
    }
    if (from) remember_ended(id, *from);
    const auto status = remove_files(id);
    if (status) continue;
    context_.report(status.error().message);
    unremoved_.push_back(id);
  }
}

Status Housework::remove_files(QueueId id) {
  if (auto s = remove_if_there(context_.paths.file(id)); !s) return s;
  return remove_if_there(context_.paths.large(id));
}

Status Housework::remove_if_there(const Path& path) {
  const auto there = context_.disk.exists(path);
  if (!there) return there.error();
  if (!*there) return {};
  parts_.folders.note_change(path.parent_path());
  return context_.disk.remove(path);
}

void Housework::remember_ended(QueueId id, const Snapshot& from) {
  auto raw = parts_.reader.read(from);
  auto table = parts_.table.lock();
  Index& index = table->index();
  auto* entry = index.find(id);
  if (!entry || !entry->ended || entry->remembered()) return;
  if (!raw) {
    index.erase(id);
    return;
  }
  auto message = std::make_shared<Message>(to_message(std::move(*raw)));
  message->content.reset();
  message->ended = true;
  message->ended_at = entry->ended_at();
  entry->history().later = {};
  entry->set_accepted({});
  index.remember(id, *entry, std::move(message), context_.options.ended_octets);
}

}  // namespace mxpress::queue
