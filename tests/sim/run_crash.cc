// From one process to the next: start and recovery, kill and power failure.
#include <cstdio>

#include "mta/config/config.h"
#include "mta/system/log.h"
#include "tests/sim/run.h"

namespace mxpress::sim {
namespace {

using Cut = test::ForgetfulDisk::Cut;
constexpr Cut kCuts[] = {Cut::kill, Cut::all, Cut::nothing, Cut::prefix, Cut::subset};
constexpr std::size_t kManyDestinations = 8;  // few, so that workers forget and find them again
constexpr Duration kDyingAtMost = std::chrono::minutes(10);

// Lines that only a bug writes, as long as the disk works.
constexpr std::string_view kComplaints[] = {"bug", "forgotten", "unrecorded", "unreadable", "notice_not_stored", "notice_not_kept"};

}  // namespace

void Run::log_line(const mta::LogLine& line) {
  if (options_.verbose)
    std::fprintf(stderr, "%.3f %s\n", std::chrono::duration<double>(instant_now().time_since_epoch()).count(), line.text().c_str());
  if (dying_ || line.priority() > mta::Priority::error) return;
  for (const std::string_view complaint : kComplaints)
    if (line.text().find(complaint) != std::string::npos) return ledger_.wrong("the log says: " + line.text());
}

void Run::start() {
  const Status started = try_start();
  if (!started) ledger_.wrong("the start failed: " + started.error().message);
}

Status Run::try_start() {
  queue::SpoolOptions options;
  options.directory = "/spool";
  options.segment_size = options_.messages > 5000 ? 16u << 20 : 1u << 18;
  options.journal_size = 4 * options.segment_size;
  options.wall = [] { return Clock::current().wall(); };
  options.since_boot = [] { return instant_now().time_since_epoch(); };
  options.random = [this] { return chance_.next(); };
  options.report = [this](const std::string& what) {
    if (!dying_) ledger_.note(50, what.size());
  };
  auto spool = queue::SteppedSpool::open(disk_, options);
  if (!spool) return spool.error();
  spool_ = std::make_unique<ObservedSpool>(std::move(*spool), ledger_);
  io_ = std::make_unique<asio::io_context>(1);
  mta::delivery::DispatcherServices services{
      .workers = {io_.get(), io_.get()},  // two workers on one thread
      .spool = *spool_,
      .config = config_,
      .events = events_,
      .files = nullptr,
      .make_resolver = [this](asio::io_context&, const mta::Config&) { return internet_.make_resolver(); },
      .make_connector = [this](asio::io_context& io) { return internet_.make_connector(io); },
      .seed = mix(options_.seed, crashes_),
      .crash_record = nullptr,
      .many_destinations = kManyDestinations};
  dispatcher_ = std::make_unique<mta::delivery::Dispatcher>(std::move(services));
  time_.set_other_work([this] {
    const bool worked = spool_->commit_batch();
    if (!dying_) spool_->checkpoint();
    return worked;
  });
  const auto found = [&](const queue::Message& message) {
    ledger_.found(message);
    dispatcher_->restore(message);
  };
  const Status recovered = spool_->recover(found, [this](const queue::SiteRecord& site) { dispatcher_->restore_site(site); });
  if (!recovered) return recovered;
  // A start during which power fails proves nothing: its recovery may end between the last write and the first reported message.
  if (crashes_ > 0 && !dying_) ledger_.recovered([this](queue::QueueId id) { return spool_->load(id); });
  return {};
}

void Run::tear_down() {
  disk_.cut_at(disk_.operations() + 1);
  dying_ = true;
  time_.set_other_work(nullptr);
  dispatcher_.reset();
  spool_.reset();
  io_.reset();
  internet_.crashed();
}

// At this moment, or at one of the next operations of the disk; then the machine is down for a while, and perhaps crashes again during its
// recovery.
void Run::crash() {
  ++crashes_;
  const Cut cut = kCuts[chance_.below(std::size(kCuts))];
  if (chance_.one_in(2)) {
    const std::uint64_t last = disk_.operations() + 1 + chance_.below(100);
    disk_.cut_at(last);
    time_.run_until(*io_, [&] { return dying_ = disk_.operations() >= last; }, kDyingAtMost);
  }
  tear_down();
  ledger_.crashed();
  disk_.cut_at(0);
  disk_.restart(cut, chance_.next());
  asio::io_context nothing;
  if (chance_.one_in(2)) time_.run_for(nothing, Duration(chance_.below(Duration(std::chrono::hours(3)).count())));
  if (chance_.one_in(3)) {
    disk_.cut_at(disk_.operations() + 1 + chance_.below(40));
    (void)try_start().ok();
    tear_down();
    ledger_.crashed();
    disk_.cut_at(0);
    disk_.restart(kCuts[chance_.below(std::size(kCuts))], chance_.next());
  }
  dying_ = false;
  start();
}

}  // namespace mxpress::sim
