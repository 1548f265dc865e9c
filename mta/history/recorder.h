// Records the events of messages: takes them from all threads, and writes them on a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "mta/events/hub.h"
#include "mta/history/shares.h"
#include "mta/history/store.h"

namespace mxpress::mta::history {

// Never waits for the disk, and never harms mail: records that do not fit into its memory or their owner's share, or that cannot be
// written, are counted as lost.
class Recorder final : public events::Sink {
 public:
  // What it records: what happens to messages, or what was said in attempts that failed.
  enum class What { events, dialogues };
  static constexpr std::size_t kMostWaiting = 384 * 1024, kMostOfDialogues = 128 * 1024;  // octets; as many are being written
  // All memory of both, with that of an index that each builds.
  static constexpr std::size_t kMostOctets = 2 * (kMostWaiting + kMostOfDialogues + 256 * 1024);
  static constexpr std::chrono::seconds kDelay{1}, kTidyEvery{3600};

  // `limits` is asked on the thread. All must outlive it.
  Recorder(Store store, std::function<Limits()> limits, What what = What::events)
      : what_(what),
        store_(std::move(store)),
        limits_(std::move(limits)),
        most_waiting_(what == What::events ? kMostWaiting : kMostOfDialogues) {}
  ~Recorder() override { stop(); }

  // Error: no thread; nothing is recorded then.
  Status start();
  // Writes what waits.
  void stop();

  std::string_view name() const override { return what_ == What::events ? "history" : "dialogues"; }
  void take(const events::Event& event) override;
  std::uint64_t dropped() const override { return dropped_; }
  // Returns once what was taken before is written, or after this time.
  void flush(std::chrono::milliseconds patience = std::chrono::seconds(5));

 private:
  void run();
  void add(std::string_view frame, const proto::ShareOwner& owner, WallTime now);
  void write(const std::string& frames, std::uint64_t records);
  void tidy();
  void report(const Status& status);

  const What what_;
  Store store_;  // of the thread
  const std::function<Limits()> limits_;
  const std::size_t most_waiting_;
  bool has_failed_ = false;  // of the thread: the last write; it is logged
  std::mutex mutex_;
  std::condition_variable wake_, written_;
  std::string waiting_;  // whole frames
  Shares shares_{most_waiting_};
  std::uint64_t records_ = 0, taken_ = 0, done_ = 0;  // in waiting_; of all time; written of them, or lost
  bool is_open_ = false, is_urgent_ = false;
  std::atomic<std::uint64_t> dropped_ = 0, most_on_disk_ = Limits().max_size;
  std::thread thread_;
};

}  // namespace mxpress::mta::history
