// The messages being handled, in a file that survives a crash of the daemon, so that one message cannot crash it repeatedly.
#pragma once

#include <array>
#include <atomic>
#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::mta::system {

// A message that was being handled when the daemon crashed.
struct Suspect {
  proto::QueueId message;
  std::uint32_t deaths = 0;
  bool set_aside = false;  // held until an operator acts on it
  bool operator==(const Suspect&) const = default;
};

// The new suspects after a crash: `handled` were being handled by the crashed thread. A message is set aside only after two crashes, if it
// was handled alone at the second; otherwise after three, each time as the only suspect among the handled ones. Suspects are tried one at a
// time (SuspectLine), so that this happens to the guilty one.
std::vector<Suspect> judge(std::vector<Suspect> known, const std::vector<proto::QueueId>& handled);

// Used by one daemon at a time. A slot is a plain store into a mapped page: the kernel keeps it after any end of the process. It is not
// synced, because no message causes a loss of power. SIGKILL by an operator does not count as a crash.
class CrashRecord {
 public:
  static constexpr std::size_t kRegions = 16, kSlots = 2048, kSuspects = 1024;
  static constexpr std::uint32_t kNoSlot = 0xFFFFFFFF;

  // The slots of one worker; used only by its thread.
  class Region {
   public:
    // The message is being handled until end(). Costs two stores. If there are more messages than slots, some are not noted.
    std::uint32_t begin(proto::QueueId message);
    void end(std::uint32_t slot);

   private:
    friend class CrashRecord;
    CrashRecord* record_ = nullptr;
    std::int32_t number_ = 0;
    std::atomic<std::uint64_t>* slots_ = nullptr;
    std::vector<std::uint32_t> free_;
  };

  // Reads the record of the last run, and begins a new one. Installs handlers of fatal signals.
  static Result<std::unique_ptr<CrashRecord>> open(const boost::filesystem::path& spool);
  // Notes a normal end of the daemon.
  ~CrashRecord();

  Region& region(std::size_t worker) { return regions_[worker % kRegions]; }
  // The functions below may be called on any thread.
  std::vector<Suspect> suspects() const;
  bool is_suspect(proto::QueueId message) const;
  bool is_set_aside(proto::QueueId message) const;
  // True if it was set aside because of the end of the last run.
  bool is_newly_set_aside(proto::QueueId message) const;
  bool is_handled(proto::QueueId message) const;
  // Removes a suspect: an operator has acted on it, or it was handled without a crash.
  void clear(proto::QueueId message);
  // The end of the last run, in words, if it crashed: "signal 11 (Segmentation fault)".
  const std::string& last_death() const { return last_death_; }

  struct File;  // its octets

 private:
  CrashRecord(File* file, int descriptor);
  void begin_run();
  void write_suspects();
  void handled(proto::QueueId message);

  File* const file_;
  const int descriptor_;
  std::array<Region, kRegions> regions_;
  std::string last_death_;
  std::vector<proto::QueueId> newly_set_aside_;
  mutable std::mutex mutex_;  // guards suspects_ and their copy in the file
  std::vector<Suspect> suspects_;
  std::atomic<bool> has_suspects_ = false;
};

// Notes a message as being handled while this exists. `region` may be null.
class Handled {
 public:
  Handled(CrashRecord::Region* region, proto::QueueId message)
      : region_(region), slot_(region ? region->begin(message) : CrashRecord::kNoSlot) {}
  ~Handled() {
    if (region_) region_->end(slot_);
  }
  Handled(const Handled&) = delete;
  Handled& operator=(const Handled&) = delete;

 private:
  CrashRecord::Region* const region_;
  const std::uint32_t slot_;
};

// For a thread that works on a single message: while this exists, a crash is due to that message.
class HandlingNow {
 public:
  explicit HandlingNow(proto::QueueId message);
  ~HandlingNow();
  HandlingNow(const HandlingNow&) = delete;
  HandlingNow& operator=(const HandlingNow&) = delete;

 private:
  std::uint64_t before_;
};

// For ExecStopPost= of systemd, after the daemon has ended: `result` is $SERVICE_RESULT. Notes an end that no handler could see, such as
// "oom-kill".
Status note_end(const boost::filesystem::path& spool, const std::string& result);

}  // namespace mxpress::mta::system
