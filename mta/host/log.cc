// The log in force, and the thread that writes it.
#include "mta/host/log.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "dns/async.h"
#include "mta/host/log_limit.h"
#include "mta/host/log_outlet.h"
#include "mta/host/log_queue.h"

namespace mxpress::mta {
namespace {

constexpr std::size_t kMostUnwritten = 10'000;  // lines, kept ones too, while there is no writer
constexpr auto kStopWait = std::chrono::seconds(2);
constexpr auto kGather = std::chrono::milliseconds(10);  // between two writes: lines that come one by one are written together

// Whoever logs touches only `mutex`, and never for longer than a push. The writer works without it.
struct Log {
  std::mutex mutex;
  std::condition_variable wake, ended;
  LogQueue queue;
  bool gathering = false;  // the writer looks again by itself
  bool stopping = false, running = false;
  std::atomic<LogPressure> pressure{LogPressure::none};  // the queue's, while a writer runs
  void (*sink)(const LogLine&, void*) = nullptr;
  void* sink_context = nullptr;
  std::thread writer;

  void note_pressure() {
    const LogPressure now = running ? queue.pressure() : LogPressure::none;
    if (now != pressure.load(std::memory_order_relaxed)) pressure.store(now, std::memory_order_relaxed);
  }
};

// Never destroyed: a writer that is stuck at exit may still look at it.
Log& the_log() {
  static Log* log = new Log;
  return *log;
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
    lock.lock();
    state.queue.done();
    state.note_pressure();
    if (!goes_on) break;
    state.gathering = true;
    state.wake.wait_for(lock, kGather, [&] { return state.stopping; });
    state.gathering = false;
  }
  state.queue.take(batch);
  state.queue.done();
  state.running = false;
  state.note_pressure();
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

void log(const LogLine& line) {
  Log& state = the_log();
  {
    std::lock_guard lock(state.mutex);
    if (state.sink) return state.sink(line, state.sink_context);
    const bool is_kept = line.is_kept() && (state.running || state.queue.size() < kMostUnwritten);
    state.queue.push({line.priority(), is_kept, Clock::current().wall(), line.text()});
    state.note_pressure();
    if (state.queue.size() > 1 || state.gathering) return;  // the writer is awake, or will be soon
  }
  state.wake.notify_one();
}

void log_bug(std::string_view about, std::exception_ptr error) {
  if (!error) return;
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    log(LogLine(Priority::error, "bug").add("in", about).add("what", exception.what()).add("note", "please report"));
  }
}

LogPressure log_pressure() { return the_log().pressure.load(std::memory_order_relaxed); }

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
    writer.detach();  // stuck in a syslog that takes nothing; the process ends without it
}

void capture_log(void (*sink)(const LogLine& line, void* context), void* context) {
  forget_repeats();
  Log& state = the_log();
  std::lock_guard lock(state.mutex);
  state.sink = sink;
  state.sink_context = context;
}

}  // namespace mxpress::mta
