// Which messages are being handled, in a file that outlives a crash of the daemon, so that one message cannot keep bringing it down.
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

// A message that was being handled when the daemon died of a fault.
struct Suspect {
  proto::QueueId message;
  std::uint32_t deaths = 0;
  bool set_aside = false;  // it is held until an operator acts on it
  bool operator==(const Suspect&) const = default;
};

// What a death by a fault makes of the suspects: `handled` were being handled by the thread that died. A message is set aside only when it
// was handled at two deaths, at the second one alone; where others were handled beside it, at three, each time as the only suspect among
// them. Suspects are tried one at a time (SuspectLine), so that this happens to the one that is to blame.
std::vector<Suspect> judge(std::vector<Suspect> known, const std::vector<proto::QueueId>& handled);

// One daemon has it at a time. A slot is a plain store into a mapped page: the kernel keeps it whatever ends the process; it is not synced,
// because a loss of power is nobody's fault. SIGKILL by an operator counts as no death.
class CrashRecord {
 public:
  static constexpr std::size_t kRegions = 16, kSlots = 2048, kSuspects = 1024;
  static constexpr std::uint32_t kNoSlot = 0xFFFFFFFF;

  // The slots of one worker; used by its thread alone.
  class Region {
   public:
    // From now until end() the message is being handled. Costs two stores. Where more are handled than there are slots, some are not noted.
    std::uint32_t begin(proto::QueueId message);
    void end(std::uint32_t slot);

   private:
    friend class CrashRecord;
    CrashRecord* record_ = nullptr;
    std::int32_t number_ = 0;
    std::atomic<std::uint64_t>* slots_ = nullptr;
    std::vector<std::uint32_t> free_;
  };

  // Reads what the last run left, and begins a new one. Installs handlers of fatal signals.
  static Result<std::unique_ptr<CrashRecord>> open(const boost::filesystem::path& spool);
  // The daemon ends in good order.
  ~CrashRecord();

  Region& region(std::size_t worker) { return regions_[worker % kRegions]; }
  // Any thread for the rest.
  std::vector<Suspect> suspects() const;
  bool is_suspect(proto::QueueId message) const;
  bool is_set_aside(proto::QueueId message) const;
  // Because of how the last run ended, not of one before.
  bool is_newly_set_aside(proto::QueueId message) const;
  bool is_handled(proto::QueueId message) const;
  // It is no suspect any more: an operator has acted on it, or it has been handled without harm.
  void clear(proto::QueueId message);
  // How the last run ended, in words, if it died of a fault: "signal 11 (Segmentation fault)".
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
  mutable std::mutex mutex_;  // around suspects_ and their copy in the file
  std::vector<Suspect> suspects_;
  std::atomic<bool> has_suspects_ = false;
};

// Notes a message as being handled as long as this exists. `region` may be null.
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

// On a thread that works at one message alone: while this exists, a fault is that message's.
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
