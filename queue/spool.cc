// An open spool: its parts, their threads, and the interfaces in front of them.
#include "queue/spool.h"

#include <time.h>

#include <algorithm>
#include <functional>
#include <random>
#include <thread>
#include <utility>

#include "queue/acceptance.h"
#include "queue/age_clock.h"
#include "queue/checkpointer.h"
#include "queue/commit_queue.h"
#include "queue/committer.h"
#include "queue/disk_room.h"
#include "queue/guarded.h"
#include "queue/housekeeper.h"
#include "queue/housework.h"
#include "queue/housework_list.h"
#include "queue/index.h"
#include "queue/message_file.h"
#include "queue/message_folders.h"
#include "queue/message_table.h"
#include "queue/open_folder.h"
#include "queue/quarantine.h"
#include "queue/segment_hold.h"
#include "queue/spool_context.h"
#include "queue/spool_reader.h"
#include "queue/spool_recovery.h"
#include "queue/spool_writer.h"
#include "queue/start_thread.h"
#include "queue/stepped_spool.h"

namespace mxpress::queue {
namespace {

Duration system_time_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return Duration(std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000);
}

SpoolOptions with_defaults(SpoolOptions options) {
  if (!options.wall) options.wall = [] { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); };
  if (!options.since_boot) options.since_boot = system_time_since_boot;
  if (!options.random)
    options.random = [] {
      thread_local std::random_device device;
      return (std::uint64_t{device()} << 32) | device();
    };
  if (!options.report) options.report = [](const std::string&) {};
  if (!options.note) options.note = [](const std::string&) {};
  return options;
}

TableLimits limits_of(const SpoolOptions& options) {
  return {.ended_kept = options.ended_kept,
          .ended_octets = options.ended_octets,
          .waiting_octets = options.memory,
          // All site records fit into one segment: a checkpoint that records them again leaves fewer segments than it found.
          .site_octets = options.segment_size / 2};
}

enum class Threads { none, own };

// Members that others refer to come before them.
class SpoolImpl : public SteppedSpool {
 public:
  SpoolImpl(Disk& disk, SpoolOptions options, OpenedFolder folder, Threads threads);
  ~SpoolImpl() override;
  // Call once, first. Starts no threads for Threads::none.
  Status start_threads();

  Status recover(std::function<void(const Message&)> found, std::function<void(const SiteRecord&)> site) override {
    return recovery_.recover(std::move(found), std::move(site));
  }
  void give_up_recovery() override { recovery_.give_up_recovery(); }

  Result<std::unique_ptr<LargeContent>> open_large() override { return writer_.open_large(); }
  Status room_for(std::uint64_t size) override { return writer_.room_for(size); }
  bool is_accepting() const override { return acceptance_.is_given(); }
  void store(NewMessage message, Stored done) override { writer_.store_as(next_id(), std::move(message), std::move(done)); }
  QueueId next_id() override { return writer_.next_id(); }
  void store_as(QueueId id, NewMessage message, Stored done) override { writer_.store_as(id, std::move(message), std::move(done)); }
  void settle(Settlement settlement, std::function<void(Status)> done) override { writer_.settle(std::move(settlement), std::move(done)); }
  void act(ActionKind action, std::vector<QueueId> messages, std::function<void(Status)> done) override {
    writer_.act(action, std::move(messages), std::move(done));
  }
  void record_site(SiteRecord record) override { writer_.record_site(std::move(record)); }

  Result<Message> load(QueueId id) override { return reader_.load(id); }
  std::optional<Message> load_if_cached(QueueId id) override { return reader_.load_if_cached(id); }
  std::shared_ptr<const Message> fresh(QueueId id) override { return table_.lock()->fresh(id); }
  std::uint64_t octets_to_load(QueueId id) override { return reader_.octets_to_load(id); }
  std::size_t recipients_of(QueueId id) override { return reader_.recipients_of(id); }
  Duration age_of(const Message& message) const override;
  std::vector<QueueId> ids(bool with_ended) override { return reader_.ids(with_ended); }
  std::optional<QueueId> oldest() override { return reader_.oldest(); }
  bool has_room_for_notice(QueueId id) override {
    auto table = table_.lock();
    return table->index().waiting_mail.fits_notice(table->index().share_owner_of(id));
  }
  std::vector<QueueId> ids_of(std::int64_t uid) override { return table_.lock()->index().ids_of(uid); }
  proto::ShareOwner share_owner_of(QueueId id) override { return table_.lock()->index().share_owner_of(id); }
  std::vector<QueueId> ended() override;
  std::vector<QueueId> ended_of(std::int64_t uid) override { return table_.lock()->index().ended_of(uid); }
  bool owns(std::int64_t uid, QueueId id) override { return table_.lock()->index().owners.has(uid, id); }
  SpoolCounters counters() override;

  bool commit_batch() override;
  bool write_batch() override { return committer_.commit(Committer::Sync::no); }
  void checkpoint() override { checkpointer_.run(); }

 private:
  void end_threads();
  void answer_rest();
  std::function<bool()> commit_between(Threads threads);

  const SpoolContext context_;
  const Threads threads_;
  const std::shared_ptr<File> lock_;
  AgeClock age_clock_;  // marked by the housekeeper
  DiskRoom room_;       // members below have claims on it
  HouseworkList list_;
  Guarded<MessageTable> table_;
  CommitQueue queue_;
  Acceptance acceptance_;
  SegmentHold hold_;
  const SpoolReader reader_;
  SpoolWriter writer_;
  Committer committer_;
  MessageFolders folders_;
  Quarantine quarantine_;
  Housework housework_;
  Checkpointer checkpointer_;
  SpoolRecovery recovery_;
  Housekeeper housekeeper_;
  std::thread committer_thread_, housekeeper_thread_;
};

SpoolImpl::SpoolImpl(Disk& disk, SpoolOptions options, OpenedFolder folder, Threads threads)
    : context_{disk, options, {options.directory}, folder.run},
      threads_(threads),
      lock_(std::move(folder.lock)),
      age_clock_(disk, context_.paths.root, {options.wall, options.since_boot}),
      room_(context_),
      table_(limits_of(options), options.wall, list_),
      queue_(folder.run),
      reader_(context_, table_),
      writer_(context_, {queue_, table_, list_, acceptance_, room_, age_clock_}),
      committer_(context_, {queue_, table_, list_, acceptance_}, folder.next_segment),
      folders_(context_, hold_),
      quarantine_(context_, hold_),
      housework_(context_, {list_, queue_, table_, reader_, folders_, hold_, age_clock_}),
      checkpointer_(context_, {housework_, list_, queue_, table_, reader_, folders_, hold_, quarantine_, room_}, commit_between(threads)),
      recovery_(context_, {queue_, table_, reader_, quarantine_, hold_}, std::move(folder.old_segments)),
      housekeeper_(list_, housework_, checkpointer_) {
  table_.lock()->finish_batch(folder.next_segment);
  housework_.mark_age();
}

// Without threads a checkpoint commits the records that it needs itself.
std::function<bool()> SpoolImpl::commit_between(Threads threads) {
  if (threads == Threads::own) return {};
  return [this] { return committer_.commit(Committer::Sync::yes); };
}

Status SpoolImpl::start_threads() {
  if (threads_ == Threads::none) return {};
  auto committer = start_thread([this] { committer_.run(); });
  if (!committer) return committer.error();
  committer_thread_ = std::move(*committer);
  auto housekeeper = start_thread([this] { housekeeper_.run(); });
  if (!housekeeper) return housekeeper.error();
  housekeeper_thread_ = std::move(*housekeeper);
  return {};
}

// Operations that the housekeeper still queues are in the last commit.
void SpoolImpl::end_threads() {
  list_.stop();
  if (housekeeper_thread_.joinable()) housekeeper_thread_.join();
  queue_.stop();
  if (committer_thread_.joinable()) committer_thread_.join();
}

SpoolImpl::~SpoolImpl() {
  if (threads_ == Threads::own) {
    end_threads();
  } else {
    housework_.finish_large_stores();
    (void)committer_.commit(Committer::Sync::yes);
  }
  answer_rest();
  housework_.mark_age();
}

// Callers that still wait get the answer that their operation is not durable.
void SpoolImpl::answer_rest() {
  Operations rest = queue_.take_all();
  for (auto& large : list_.take_large()) rest.push_back(std::move(large.operation));
  const auto error = Error::transient("the spool " + context_.paths.root.string() + " is being closed");
  for (const auto& operation : rest) {
    if (operation->stored) operation->stored(error);
    if (operation->done) operation->done(error);
  }
}

bool SpoolImpl::commit_batch() {
  housework_.finish_large_stores();
  const bool done = committer_.commit(Committer::Sync::yes);
  housework_.tidy();
  return done;
}

Duration SpoolImpl::age_of(const Message& message) const {
  const Duration age =
      message.accepted_at == Duration(0) ? context_.options.wall() - message.envelope.submitted : age_clock_.now() - message.accepted_at;
  return std::max(age, Duration(0));
}

std::vector<QueueId> SpoolImpl::ended() {
  std::vector<QueueId> ended = table_.lock()->index().ended.ids();
  std::reverse(ended.begin(), ended.end());
  return ended;
}

SpoolCounters SpoolImpl::counters() {
  auto table = table_.lock();
  auto out = table->counters;
  out.messages = table->waiting();
  out.journal_bytes = table->index().journal_octets();
  const Status accepting = acceptance_.status();
  out.accepting = accepting.ok();
  if (!accepting) out.not_accepting_because = accepting.error().message;
  return out;
}

Result<std::unique_ptr<SteppedSpool>> open_spool(Disk& disk, SpoolOptions options, Threads threads) {
  auto folder = open_folder(disk, Paths{options.directory});
  if (!folder) return folder.error();
  auto spool = std::make_unique<SpoolImpl>(disk, with_defaults(std::move(options)), std::move(*folder), threads);
  if (auto started = spool->start_threads(); !started) return started.error();
  return std::unique_ptr<SteppedSpool>(std::move(spool));
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(Disk& disk, SpoolOptions options) {
  auto spool = open_spool(disk, std::move(options), Threads::own);
  if (!spool) return spool.error();
  return std::unique_ptr<Spool>(std::move(*spool));
}

Result<std::unique_ptr<SteppedSpool>> SteppedSpool::open(Disk& disk, SpoolOptions options) {
  return open_spool(disk, std::move(options), Threads::none);
}

}  // namespace mxpress::queue
