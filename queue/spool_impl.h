// The spool itself: shared state under one lock, a committer that writes, a housekeeper for what takes longer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "queue/age_clock.h"
#include "queue/fresh.h"
#include "queue/guarded.h"
#include "queue/index.h"
#include "queue/journal.h"
#include "queue/message_file.h"
#include "queue/open_folder.h"
#include "queue/replay.h"
#include "queue/spool.h"

namespace mxpress::queue {

// One thing to be written to the journal, and what is to happen when it is durable.
struct Operation {
  enum class Kind { store, change, site, ended } kind = Kind::change;
  RecordHeader header;
  std::shared_ptr<const std::string> content;  // null: none
  std::string meta;
  Location location;

  Spool::Stored stored;                    // store
  std::shared_ptr<const Message> message;  // of a store whose content is in memory
  std::size_t recipients = 0;
  MessageOwner owner;
  std::uint32_t weight = 0;  // see weight_of()
  std::vector<NewMessage::NoticeFor> notice_for;
  std::string drop_name;
  WallTime time{};

  StateChange change;  // change
  std::function<void(Status)> done;

  SiteRecord site;  // site

  QueueId id() const { return QueueId{header.id}; }
};
using OperationPtr = std::shared_ptr<Operation>;  // shared: load() shows changes while the committer writes them
using Operations = std::vector<OperationPtr>;

// Changes of one message that are not durable yet, in their order. They become durable in about the same order.
class PendingChanges {
 public:
  void add(OperationPtr operation) { operations_.push_back(std::move(operation)); }
  void remove(const OperationPtr& operation);
  bool empty() const { return first_ == operations_.size(); }
  Operations all() const { return {operations_.begin() + static_cast<std::ptrdiff_t>(first_), operations_.end()}; }

 private:
  Operations operations_;
  std::size_t first_ = 0;  // those before it have been removed
};

class SpoolImpl : public Spool {
 public:
  SpoolImpl(Disk& disk, SpoolOptions options, OpenedFolder folder, Committer committer);
  // Once, before anything else.
  Status start_threads();
  ~SpoolImpl() override;

  Status recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) override;
  void give_up_recovery() override { recovery_given_up_ = true; }
  Result<std::unique_ptr<LargeContent>> open_large() override;
  Status room_for(std::uint64_t size) override;
  void store(NewMessage message, Stored done) override;
  QueueId next_id() override;
  void store_as(QueueId id, NewMessage message, Stored done) override;
  void settle(Settlement settlement, std::function<void(Status)> done) override;
  void act(ActionKind action, std::vector<QueueId> messages, std::function<void(Status)> done) override;
  void record_site(SiteRecord record) override;
  Result<Message> load(QueueId id) override;
  std::uint64_t octets_to_load(QueueId id) override;
  std::size_t recipients_of(QueueId id) override;
  std::optional<Message> load_at_hand(QueueId id) override;
  std::shared_ptr<const Message> fresh(QueueId id) override { return shared_.lock()->fresh.find(id); }
  Duration age_of(const Message& message) const override;
  std::vector<QueueId> ids(bool with_ended) override;
  std::optional<QueueId> oldest() override;
  proto::ShareOwner share_owner_of(QueueId id) override { return shared_.lock()->index.share_owner_of(id); }
  bool has_room_for_notice(QueueId id) override {
    auto shared = shared_.lock();
    return shared->index.waiting_mail.fits_notice(shared->index.share_owner_of(id));
  }
  std::vector<QueueId> ids_of(std::int64_t uid) override { return shared_.lock()->index.ids_of(uid); }
  std::vector<QueueId> ended() override {
    auto shared = shared_.lock();
    return {shared->index.ended.rbegin(), shared->index.ended.rend()};
  }
  std::vector<QueueId> ended_of(std::int64_t uid) override { return shared_.lock()->index.ended_of(uid); }
  bool owns(std::int64_t uid, QueueId id) override { return shared_.lock()->index.owners.has(uid, id); }
  SpoolCounters counters() override;
  bool commit_batch() override;
  bool write_batch() override { return commit(Sync::no); }
  void checkpoint() override;

 private:
  static constexpr std::uint64_t kFreshOctets = 8u << 20;  // of messages that wait for their first attempt
  using Moment = std::chrono::steady_clock::time_point;
  struct LargeStore {
    OperationPtr operation;
    std::unique_ptr<MessageFileWriter> writer;
  };
  struct Shared {
    Index index;
    std::deque<OperationPtr> waiting;
    std::size_t urgent = 0;  // of them: somebody waits for it
    Moment first_lazy{};     // when the oldest of the others came
    FreshMessages fresh{kFreshOctets};
    std::unordered_map<QueueId, PendingChanges> overlay;  // as load() shows them
    Operations until_recovered;                           // concern what recovery has not read yet
    std::set<std::string> drops_in_progress;
    std::uint32_t sealed_below = 0;  // everything that lies in older segments is in the index
    std::vector<LargeStore> large;   // content complete, to be synced
    std::vector<QueueId> to_place;   // large files whose record is durable
    std::vector<QueueId> to_remove;
    std::set<std::string, std::less<>> sites_recorded;  // since the start, until recovery is done: what it finds is older
    bool recovered = false;
    bool keep_segments = false;  // in this run: what is only there is damaged, not read, or nobody knows whether it was synced elsewhere
    bool stopping = false;
    bool stop_housekeeper = false;
    SpoolCounters counters;
  };
  using Access = Guarded<Shared>::Access;
  enum class Sync { yes, no };

  // spool.cc: the entrance
  OperationPtr store_operation(QueueId id, NewMessage& message) const;
  static OperationPtr site_operation(SiteRecord record);
  void enqueue(Access& shared, OperationPtr operation);
  void enqueue_change(QueueId id, StateChange change, std::function<void(Status)> done);
  void enqueue_parts(QueueId id, Settlement settlement, std::function<void(Status)> done);
  void enqueue_record(QueueId id, StateChange change, std::string record, std::function<void(Status)> done);
  bool must_wait_for_recovery(const Shared& shared, const Operation& operation) const;
  static void show(Shared& shared, const OperationPtr& operation);
  static void hide(Shared& shared, const OperationPtr& operation);
  static bool is_urgent(const Operation& operation);
  std::optional<Snapshot> snapshot_at_hand(QueueId id, Operations& changes);
  static std::optional<Message> remembered(const Entry& entry, const Operations& changes);
  Status room_now(std::uint64_t size);
  Status room_in_memory(const Shared& shared, const Operation& operation) const;
  Status accepting();
  std::string too_full(const Room& room, std::uint64_t size) const;
  Result<RawMessage> read(const Snapshot& from) const;
  void report_damage(QueueId id, const std::vector<Location>& damaged) const;
  void report(const std::string& what) const;
  void count_corrupt(std::uint64_t n);

  // commit.cc: the committer
  void run_committer();
  void wait_for_work(Access& shared);
  std::optional<Moment> next_deadline(const Shared& shared) const;
  bool commit(Sync sync);
  Operations take_batch();
  bool admit(Shared& shared, const OperationPtr& operation, std::vector<std::function<void()>>& answers);
  bool admit_store(Shared& shared, const OperationPtr& operation, std::vector<std::function<void()>>& answers);
  Status write(const Operations& operations);
  Status write_and_sync(const Operations& operations);
  void after_failure(const Error& error, const Operations& batch);
  void go_on_in_fresh_segment(const Operations& rest);
  void refuse(const Operations& stores, const Error& error);
  void put_back(const Operations& operations);
  void stop_accepting(const Error& error);
  void finish(const Operations& operations);
  void finish_store(Shared& shared, Operation& operation);
  void finish_change(Shared& shared, const OperationPtr& operation);
  static void finish_site(Shared& shared, Operation& operation);
  void end_if_finished(Shared& shared, QueueId id, Entry& entry);
  void answer_rest();

  // checkpoint.cc: the housekeeper
  void run_housekeeper();
  void do_housework();
  bool housework_waits(const Shared& shared) const;
  bool journal_is_full(const Shared& shared) const;
  bool age_is_to_be_marked(const Shared& shared) const;
  void mark_age();
  void finish_large_stores();
  Status finish_large(LargeStore& store);
  void place_large_files();
  void remove_ended_files();
  Status remove_if_there(const Path& path);
  Status make_message_folder(QueueId id);
  bool rerecord_sites(std::uint32_t segment);
  bool rerecord_site(const std::string& name, std::uint32_t segment);
  Status move_out(std::uint32_t segment);
  struct MovedFile {
    Snapshot from;
    std::unique_ptr<MessageFileWriter> writer;
  };
  using MovedFiles = std::vector<MovedFile>;
  Status move_out(std::uint32_t segment, QueueId id, MovedFiles& files);
  Status publish(MovedFiles files);
  void make_way(std::chrono::nanoseconds worked);
  Result<std::unique_ptr<MessageFileWriter>> write_message_file(const RawMessage& raw);
  Status append_changes(const RawMessage& raw);
  void moved(const Snapshot& from);
  void remember_ended(QueueId id, const Snapshot& from);
  void set_aside(QueueId id, const Snapshot& from, const Error& error);
  void keep_record(const Snapshot& from, Location location, std::uint64_t octets);
  void keep_damaged(const std::string& name, const File& file, std::uint64_t begin, std::uint64_t end);
  Status sync_dirty_folders();
  Status drop(std::uint32_t segment);

  // recovery.cc
  Status read_earlier_runs(std::map<std::string, SiteRecord>& sites);
  Status clean_incoming(const Replayed& found);
  Status write_again(const std::vector<Replayed::Tail>& tails);
  void keep_damage(const Replayed& found);
  Status leave_unread(const Replayed& found);
  void merge(Replayed found);
  Status tell(const std::function<void(const Message&)>& found);

  Disk& disk_;
  const SpoolOptions options_;
  const Paths paths_;
  const std::shared_ptr<File> lock_;
  const std::uint64_t run_;
  const SegmentList old_segments_;
  const Committer mode_;
  AgeClock age_clock_;  // marked by the housekeeper
  std::atomic<std::uint64_t> next_ = 0;
  std::atomic<std::uint64_t> next_part_ = 0;
  std::atomic<bool> recovery_given_up_ = false;

  Guarded<Shared> shared_;
  struct RoomSeen {
    Duration at{};
    std::optional<Room> room;
  };
  Guarded<RoomSeen> room_seen_;
  std::condition_variable work_, housework_;

  // Of the committer alone.
  Journal journal_;
  Operations unsynced_;
  Moment first_unsynced_{};
  std::size_t stores_together_ = 0;     // in the latest batch
  unsigned failures_ = 0;               // of the journal, in a row
  std::vector<QueueId> refused_large_;  // their files can go after the next sync

  // Of the housekeeper alone.
  std::set<Path> known_folders_, dirty_folders_;
  std::vector<QueueId> unremoved_;   // ended, but the file could not be removed yet
  std::uint64_t stored_before_ = 0;  // so many had been stored when it last looked whether to rest

  std::thread committer_, housekeeper_;
};

}  // namespace mxpress::queue
