// The queue of records, and the thread that writes them.
#include "mta/history/recorder.h"

#include <utility>

#include "dns/async.h"
#include "mta/history/record.h"
#include "mta/system/log.h"
#include "queue/start_thread.h"

namespace mxpress::mta::history {
namespace {

constexpr std::size_t kUrgentPart = 4;  // of the memory: what is written at once is a third of what one owner may have alone

}  // namespace

Status Recorder::start() {
  is_open_ = true;
  auto thread = queue::start_thread([this] { run(); });
  if (!thread) return is_open_ = false, Status(thread.error());
  thread_ = std::move(*thread);
  return {};
}

void Recorder::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_open_ = false;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Recorder::take(const events::Event& event) {
  if (std::holds_alternative<events::Conversed>(event) != (what_ == What::dialogues)) return;
  thread_local std::string scratch;
  const WallTime now = Clock::current().wall();
  encode(event, now, scratch, [&](std::string_view frame) { add(frame, owner_of(event), now); });
}

void Recorder::add(std::string_view frame, const proto::ShareOwner& owner, WallTime now) {
  const std::lock_guard lock(mutex_);
  if (!is_open_ || !shares_.take(owner, frame.size(), most_on_disk_, now)) return static_cast<void>(++dropped_);
  const bool was_empty = waiting_.empty(), was_low = waiting_.size() < most_waiting_ / kUrgentPart;
  waiting_ += frame;
  ++records_;
  ++taken_;
  if (was_low && waiting_.size() >= most_waiting_ / kUrgentPart) is_urgent_ = true;
  if (was_empty || is_urgent_) wake_.notify_one();
}

void Recorder::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t until = taken_;
  if (done_ >= until || !is_open_) return;
  is_urgent_ = true;
  wake_.notify_one();
  written_.wait_for(lock, patience, [&] { return done_ >= until; });
}

void Recorder::run() {
  std::string frames;
  for (bool is_over = false; !is_over;) {
    std::unique_lock lock(mutex_);
    if (!wake_.wait_for(lock, kTidyEvery, [this] { return !waiting_.empty() || !is_open_; })) {
      lock.unlock();
      tidy();
      continue;
    }
    wake_.wait_for(lock, kDelay, [this] { return is_urgent_ || !is_open_; });
    is_over = !is_open_;
    is_urgent_ = false;
    frames.swap(waiting_);
    shares_.written();
    const std::uint64_t records = std::exchange(records_, 0);
    lock.unlock();
    write(frames, records);
    frames = {};  // a quiet host keeps no memory for it
    lock.lock();
    done_ += records;
    written_.notify_all();
  }
}

void Recorder::write(const std::string& frames, std::uint64_t records) {
  if (records == 0) return;
  const Limits limits = limits_();
  most_on_disk_ = limits.max_size;
  const Status written = store_.append(frames, limits, Clock::current().wall());
  if (!written) dropped_ += records;
  report(written);
}

void Recorder::tidy() {
  const Limits limits = limits_();
  most_on_disk_ = limits.max_size;
  report(store_.tidy(limits, Clock::current().wall()));
}

void Recorder::report(const Status& status) {
  if (status.ok() == !has_failed_) return;
  has_failed_ = !status.ok();
  if (status) return log(LogLine(Priority::notice, name()).add("note", "written again"));
  const std::string_view command = what_ == What::events ? "why" : "dialogue";
  log(LogLine(Priority::warning, name())
          .add("reason", status.error().message)
          .add_joined("note", {"mxpress ", command, " does not know what happens until it can be written; mail is not affected"}));
}

}  // namespace mxpress::mta::history
