// The log in use, and the thread that writes it.
#include "mta/system/log.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "dns/async.h"
#include "mta/system/log_limit.h"
#include "mta/system/log_outlet.h"
#include "mta/system/log_queue.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kMostUnwritten = 10'000;  // lines, including kept ones, while there is no writer
constexpr auto kStopWait = std::chrono::seconds(2);
constexpr auto kGather = std::chrono::milliseconds(10);  // between two writes, so that single lines are written together

// Logging threads only lock `mutex`, and only for a push. The writer works without it.
struct Log {
  std::mutex mutex;
  std::condition_variable wake, ended;
  LogQueue queue;
  bool gathering = false;  // the writer wakes by itself soon
  bool stopping = false, running = false;
  void (*sink)(const LogLine&, void*) = nullptr;
  void* sink_context = nullptr;
  std::thread writer;

  // Without a writer the limit is a number of lines, not rooms.
  void push(LogLine line, LogRoom::Hold room) {
    const bool is_kept = line.is_kept() && (running || queue.size() < kMostUnwritten);
    const Priority priority = line.priority();
    if (!running) room.release();
    queue.push({priority, is_kept, Clock::current().wall(), line.take_text(), std::move(room)});
  }

  void take(LogLine line, LogRoom::Hold room) {
    {
      const std::lock_guard lock(mutex);
      if (sink) return sink(line, sink_context);
      const bool is_writer_awake = queue.size() > 0 || gathering;  // or will be soon
      push(std::move(line), std::move(room));
      if (is_writer_awake) return;
    }
    wake.notify_one();
  }
};

// Never destroyed: a writer that hangs at exit may still use it.
Log& the_log() {
  static Log* log = new Log;
  return *log;
}

// The receiver of announced lines. Never destroyed, like the log.
struct Announcements {
  static constexpr std::size_t kMostKept = 20;
  std::mutex mutex;
  Announcement told;
  std::vector<std::vector<LogLine::Field>> kept;
};

Announcements& the_announcements() {
  static Announcements* all = new Announcements;
  return *all;
}

void announce(const std::vector<LogLine::Field>& fields) {
  Announcements& all = the_announcements();
  const std::lock_guard lock(all.mutex);
  if (all.told)
    all.told(fields);
  else if (all.kept.size() < Announcements::kMostKept)
    all.kept.push_back(fields);
}

bool is_stopping() {
  std::lock_guard lock(the_log().mutex);
  return the_log().stopping;
}

void run_writer(LogTarget target) {
  Log& state = the_log();
  LogOutlet outlet(target, is_stopping);
  std::vector<LogEntry> batch;
  std::unique_lock lock(state.mutex);
  for (;;) {
    state.wake.wait(lock, [&] { return state.stopping || !state.queue.is_empty(); });
    if (state.queue.is_empty()) break;
    state.queue.take(batch);
    lock.unlock();
    const bool goes_on = outlet.write(batch);
    batch.clear();
    lock.lock();
    state.queue.done();
    if (!goes_on) break;
    state.gathering = true;
    state.wake.wait_for(lock, kGather, [&] { return state.stopping; });
    state.gathering = false;
  }
  state.queue.take(batch);
  state.queue.done();
  batch.clear();
  state.running = false;
  state.ended.notify_all();
}

}  // namespace

std::string_view name_of(Priority priority) {
  switch (priority) {
    case Priority::alert:
      return "alert";
    case Priority::error:
      return "error";
    case Priority::warning:
      return "warning";
    case Priority::notice:
      return "notice";
    case Priority::info:
      return "info";
    case Priority::debug:
      return "debug";
  }
  return "info";
}

void log(const LogLine& line) { log(line, LogRoom::Hold()); }

void log(LogLine line, LogRoom::Hold room) {
  if (!line.announced().empty()) announce(line.announced());
  the_log().take(std::move(line), std::move(room));
}

void announce_to(Announcement told) {
  Announcements& all = the_announcements();
  const std::lock_guard lock(all.mutex);
  all.told = std::move(told);
  if (all.told)
    for (const auto& fields : std::exchange(all.kept, {})) all.told(fields);
}

void log_bug(std::string_view about, std::exception_ptr error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    log(LogLine(Priority::error, "bug").add("in", about).add("what", exception.what()).add("note", "please report"));
  }
}

LogBacklog log_backlog() {
  Log& state = the_log();
  const std::lock_guard lock(state.mutex);
  LogBacklog backlog = state.queue.backlog();
  if (!state.running) backlog.waiting = backlog.written = 0;
  return backlog;
}

void start_log(LogTarget target) {
  Log& state = the_log();
  std::lock_guard lock(state.mutex);
  if (state.running) return;
  state.running = true;
  state.stopping = false;
  state.writer = std::thread(run_writer, target);
}

void stop_log() {
  log_all_repeats();
  Log& state = the_log();
  std::unique_lock lock(state.mutex);
  if (!state.writer.joinable()) return;
  state.stopping = true;
  state.wake.notify_one();
  const bool ended = state.ended.wait_for(lock, kStopWait, [&] { return !state.running; });
  std::thread writer = std::move(state.writer);
  lock.unlock();
  if (ended)
    writer.join();
  else
    writer.detach();  // it hangs in a blocked syslog; the process ends without it
}

void capture_log(void (*sink)(const LogLine& line, void* context), void* context) {
  forget_repeats();
  Log& state = the_log();
  std::lock_guard lock(state.mutex);
  state.sink = sink;
  state.sink_context = context;
}

}  // namespace mxpress::mta
