// Applies operations to the spool's table of messages.
#include "queue/message_table.h"

#include <algorithm>
#include <utility>

#include "queue/fresh.h"
#include "queue/housework_list.h"
#include "queue/index.h"
#include "queue/sites.h"

namespace mxpress::queue {
namespace {

std::string in_mib(std::uint64_t octets) { return std::to_string(octets >> 20) + " MiB"; }

}  // namespace

void PendingChanges::remove(const OperationPtr& operation) {
  constexpr std::size_t kFew = 32;
  const auto first = operations_.begin() + static_cast<std::ptrdiff_t>(first_);
  if (first != operations_.end() && *first == operation) {
    (*first).reset();
    ++first_;
  } else {
    operations_.erase(std::remove(first, operations_.end(), operation), operations_.end());
  }
  if (first_ < kFew || first_ < operations_.size() / 2) return;
  operations_.erase(operations_.begin(), operations_.begin() + static_cast<std::ptrdiff_t>(first_));
  first_ = 0;
}

MessageTable::MessageTable(TableLimits limits, Wall wall, HouseworkList& housework)
    : limits_(limits),
      wall_(std::move(wall)),
      housework_(housework),
      index_(std::make_unique<Index>()),
      sites_(std::make_unique<Sites>()),
      fresh_(std::make_unique<FreshMessages>(kFreshOctets)) {
  sites_->limit_octets(limits.site_octets);
  index_->waiting_mail.set_limit(limits.waiting_octets);
}

MessageTable::~MessageTable() = default;

// Notices always have room here: the spool has to send them, and their author asks for room before.
Status MessageTable::room_for(const Operation& store) const {
  const WaitingMail& mail = index_->waiting_mail;
  const proto::ShareOwner& owner = store.owner.share();
  const auto is_notice = [](const auto& told) { return told.kind != NoticeKind::forward; };
  if (std::any_of(store.notice_for.begin(), store.notice_for.end(), is_notice) || index_->has_room_for(store.owner, store.weight))
    return {};
  return Error::transient("too much mail of " + (owner.is_known() ? owner.to_string() : "unknown users") + " waits: it takes " +
                          in_mib(mail.octets_of(owner)) + " of memory, all mail " + in_mib(mail.octets()) + ", the limit is " +
                          in_mib(mail.limit()) + " ([spool] memory)");
}

void MessageTable::show(const OperationPtr& change) {
  fresh_->forget(change->id());
  overlay_[change->id()].add(change);
}

void MessageTable::hide(const OperationPtr& change) {
  const auto found = overlay_.find(change->id());
  if (found == overlay_.end()) return;
  found->second.remove(change);
  if (found->second.empty()) overlay_.erase(found);
}

std::shared_ptr<const Message> MessageTable::fresh(QueueId id) const { return fresh_->find(id); }

Operations MessageTable::pending_changes(QueueId id) const {
  const auto found = overlay_.find(id);
  return found == overlay_.end() ? Operations{} : found->second.all();
}

std::optional<Message> MessageTable::remembered(const Entry& entry, const Operations& changes) const {
  const auto ended = entry.remembered();
  if (!ended) return std::nullopt;
  Message message = *ended;
  for (const auto& operation : changes) apply_change(message, operation->change);
  return message;
}

bool MessageTable::admit(const OperationPtr& operation, const Status& accepting, Answers& answers) {
  if (is_store(*operation)) return admit_store(operation, accepting, answers);
  if (operation->kind != Operation::Kind::change || operation->header.sequence != 0) return true;
  if (auto* entry = index_->find(operation->id())) {
    operation->header.sequence = ++entry->sequence;
    return true;
  }
  hide(operation);
  if (operation->done)
    answers.push_back([operation] { operation->done(Error::permanent("there is no message " + operation->id().to_string())); });
  return false;
}

bool MessageTable::admit_store(const OperationPtr& operation, const Status& accepting, Answers& answers) {
  const auto answer = [&](Result<QueueId> result) {
    answers.push_back([operation, result = std::move(result)] { operation->stored(result); });
    if (is_large_store(*operation)) housework_.add_to_remove(operation->id());
    return false;
  };
  if (!accepting) return answer(accepting.error());
  if (operation->drop_name.empty()) return true;
  if (const auto known = index_->drops.find(operation->drop_name); known != index_->drops.end()) return answer(known->second);
  if (drops_in_progress_.insert(operation->drop_name).second) return true;
  return answer(Error::transient("the drop file " + operation->drop_name + " is just being stored"));
}

void MessageTable::finish(const OperationPtr& operation, Operations& ended) {
  if (operation->kind == Operation::Kind::store) finish_store(*operation, ended);
  if (operation->kind == Operation::Kind::change) finish_change(operation, ended);
  if (operation->kind == Operation::Kind::site) finish_site(*operation);
}

void MessageTable::finish_batch(std::uint32_t segment) {
  index_->forget(limits_.ended_kept);
  sealed_below_ = segment;
}

void MessageTable::finish_store(Operation& operation, Operations& ended) {
  const auto id = operation.id();
  auto& entry = index_->add(id, operation.owner, operation.recipients, operation.weight);
  if (is_large_store(operation)) {
    housework_.add_to_place(id);
  } else {
    entry.set_accepted(operation.location);
    index_->segments[operation.location.segment].touched.add(id);
  }
  if (!operation.drop_name.empty()) {
    drops_in_progress_.erase(operation.drop_name);
    index_->drops[operation.drop_name] = id;
  }
  if (operation.message) fresh_->add(std::move(operation.message));
  ++counters.stored;
  for (const auto& notice : operation.notice_for) {
    auto* told_entry = index_->find(notice.message);
    if (!told_entry || told_entry->ended) continue;
    index_->add_later(notice.message, *told_entry, operation.location);
    told_entry->stages().apply(Told{notice.recipients, notice.kind, operation.time});
    end_if_finished(notice.message, *told_entry, ended);
  }
}

void MessageTable::finish_change(const OperationPtr& operation, Operations& ended) {
  hide(operation);
  auto* entry = index_->find(operation->id());
  if (!entry) return;
  entry->stages().apply(operation->change);
  if (const auto remembered = entry->remembered()) {
    auto message = std::make_shared<Message>(*remembered);
    apply_change(*message, operation->change);
    return index_->remember(operation->id(), *entry, std::move(message), limits_.ended_octets);
  }
  index_->add_later(operation->id(), *entry, operation->location);
  end_if_finished(operation->id(), *entry, ended);
}

void MessageTable::finish_site(const Operation& operation) {
  const std::string& name = operation.site.site;
  if (!recovered_) sites_recorded_.insert(name);
  if (operation.site.failures == 0)
    sites_->erase(name);
  else
    sites_->set(operation.site, operation.location);
}

void MessageTable::end_if_finished(QueueId id, Entry& entry, Operations& ended) {
  if (entry.ended || !entry.stages().finished()) return;
  const auto now = wall_();
  index_->end(id, entry, now);
  ++counters.ended;
  if (entry.accepted().segment == 0) housework_.add_to_remove(id);
  ended.push_back(ended_operation(id, now));
}

void MessageTable::merge(Index earlier, const Sites& sites, const LeftFiles& files) {
  index_->merge(earlier);
  for (auto& [number, segment] : earlier.segments) index_->segments[number] = std::move(segment);
  for (const auto& [name, known] : sites)
    if (!sites_recorded_.contains(name.view())) sites_->set(name.view(), known);
  sites_recorded_.clear();
  for (auto& [name, id] : earlier.drops) index_->drops.emplace(name, id);
  recovered_ = true;
  housework_.add(files.misplaced, files.finished);
  index_->forget(limits_.ended_kept);
}

std::optional<std::uint32_t> MessageTable::oldest_sealed_segment() const {
  const auto oldest = index_->oldest_segment();
  return recovered_ && oldest < sealed_below_ ? std::optional(oldest) : std::nullopt;
}

std::size_t MessageTable::waiting() const { return index_->entries.size() - index_->ended.size(); }

}  // namespace mxpress::queue
