// The real spool, observed by the ledger: records requests and durable results.
#pragma once

#include <memory>

#include "queue/stepped_spool.h"
#include "tests/sim/ledger.h"

namespace mxpress::sim {

class ObservedSpool final : public queue::SteppedSpool {
 public:
  ObservedSpool(std::unique_ptr<queue::SteppedSpool> spool, Ledger& ledger) : spool_(std::move(spool)), ledger_(ledger) {}

  Status recover(std::function<void(const queue::Message&)> found, std::function<void(const queue::SiteRecord&)> site) override {
    return spool_->recover(std::move(found), std::move(site));
  }
  void give_up_recovery() override { spool_->give_up_recovery(); }
  Result<std::unique_ptr<queue::LargeContent>> open_large() override { return spool_->open_large(); }
  Status room_for(std::uint64_t size) override { return spool_->room_for(size); }
  void store(queue::NewMessage message, Stored done) override { store_as(next_id(), std::move(message), std::move(done)); }
  queue::QueueId next_id() override { return spool_->next_id(); }
  void store_as(queue::QueueId id, queue::NewMessage message, Stored done) override;
  void settle(queue::Settlement settlement, std::function<void(Status)> done) override;
  void act(queue::ActionKind action, std::vector<queue::QueueId> messages, std::function<void(Status)> done) override;
  void record_site(queue::SiteRecord record) override { spool_->record_site(std::move(record)); }
  Result<queue::Message> load(queue::QueueId id) override { return spool_->load(id); }
  std::optional<queue::Message> load_if_cached(queue::QueueId id) override { return spool_->load_if_cached(id); }
  std::shared_ptr<const queue::Message> fresh(queue::QueueId id) override { return spool_->fresh(id); }
  std::uint64_t octets_to_load(queue::QueueId id) override { return spool_->octets_to_load(id); }
  std::size_t recipients_of(queue::QueueId id) override { return spool_->recipients_of(id); }
  Duration age_of(const queue::Message& message) const override { return spool_->age_of(message); }
  std::vector<queue::QueueId> ids(bool with_ended) override { return spool_->ids(with_ended); }
  std::optional<queue::QueueId> oldest() override { return spool_->oldest(); }
  std::vector<queue::QueueId> ids_of(std::int64_t uid) override { return spool_->ids_of(uid); }
  bool is_accepting() const override { return spool_->is_accepting(); }
  proto::ShareOwner share_owner_of(queue::QueueId id) override { return spool_->share_owner_of(id); }
  bool has_room_for_notice(queue::QueueId id) override { return spool_->has_room_for_notice(id); }
  std::vector<queue::QueueId> ended() override { return spool_->ended(); }
  std::vector<queue::QueueId> ended_of(std::int64_t uid) override { return spool_->ended_of(uid); }
  bool owns(std::int64_t uid, queue::QueueId id) override { return spool_->owns(uid, id); }
  queue::SpoolCounters counters() override { return spool_->counters(); }
  bool commit_batch() override { return spool_->commit_batch(); }
  bool write_batch() override { return spool_->write_batch(); }
  void checkpoint() override { spool_->checkpoint(); }

 private:
  std::unique_ptr<queue::SteppedSpool> spool_;
  Ledger& ledger_;
};

}  // namespace mxpress::sim
