// What the spool keeps in memory: for each message where its records lie and the stage of each recipient.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "queue/id_map.h"
#include "queue/id_set.h"
#include "queue/journal.h"
#include "queue/message_file.h"
#include "queue/owners.h"
#include "queue/sites.h"
#include "queue/state.h"
#include "queue/waiting_mail.h"

namespace mxpress::queue {

// There may be millions of them: most have no history, and need no room for one.
class Entry {
 public:
  // Only of messages with more than one recipient, or that have ended.
  struct Rest {
    OtherStages other_stages;
    WallTime ended_at{};
    std::uint32_t weight = 0;                   // see Entry::weight(), of more than one recipient
    std::shared_ptr<const Message> remembered;  // of an ended message whose records are gone; shared with callers of load()
    std::uint64_t remembered_octets = 0;        // about what that takes
  };
  // Only of these, or with a history that is not all in their files.
  struct More {
    Location accepted;
    std::vector<Location> later;  // journal records that change it and are not in the message file; also Accepted records of notices
    std::unique_ptr<Rest> rest;
    bool is_file_doubtful = false;  // it may hold states that never reached the disk; the next checkpoint rewrites it
  };

  Entry() = default;
  Entry(Entry&& other) noexcept { *this = std::move(other); }
  Entry& operator=(Entry&& other) noexcept;
  ~Entry();

  // Where its Accepted record lies; segment 0: in the message file.
  Location accepted() const { return has_more_ ? word_.more->accepted : word_.accepted; }
  void set_accepted(Location where) { (has_more_ ? word_.more->accepted : word_.accepted) = where; }
  More* more() { return has_more_ ? word_.more : nullptr; }
  const More* more() const { return has_more_ ? word_.more : nullptr; }
  // Made if they are not there.
  More& history();
  Rest& rest();
  WallTime ended_at() const { return has_more_ && word_.more->rest ? word_.more->rest->ended_at : WallTime{}; }
  std::shared_ptr<const Message> remembered() const { return has_more_ && word_.more->rest ? word_.more->rest->remembered : nullptr; }
  // All its recipients are pending. `weight`: octets that it takes of the room for mail that waits.
  void begin(std::size_t recipients, std::uint32_t weight);
  // That, perhaps a little more.
  std::uint32_t weight() const { return has_more_ && recipients() > 1 ? word_.more->rest->weight : small_weight_ * kWeightUnit; }
  Stages stages() { return {first_stage, has_more_ && word_.more->rest ? &word_.more->rest->other_stages : nullptr}; }
  // How many it has.
  std::size_t recipients() const { return 1 + (has_more_ && word_.more->rest ? word_.more->rest->other_stages.octets.size() : 0); }
  // The first `told` of `later` are in its message file, synced.
  void moved(std::size_t told);

  std::uint32_t sequence = 0;
  StageOctet first_stage{};
  bool ended : 1 = false;

 private:
  friend struct Index;
  void forget_history();
  static constexpr std::uint32_t kWeightUnit = 16;

  bool has_more_ : 1 = false;
  std::uint8_t small_weight_ : 6 = 0;
  Owners::Number owner_ = 0;
  union Word {
    Location accepted{};
    More* more;  // owned
  } word_;
};
static_assert(sizeof(Entry) <= 16);

struct SegmentEntry {
  std::shared_ptr<File> file;  // shared: contents are read from it after it was dropped
  std::uint64_t size = 0;      // octets on disk
  std::uint32_t number = 0;    // its place in the order in which they were written, whatever its file is called
  IdSet touched{};             // messages with a record in it
};

struct Index {
  IdMap<Entry> entries;
  std::deque<QueueId> ended;                       // oldest first
  std::map<std::uint32_t, SegmentEntry> segments;  // by the number in their name
  Sites sites;                                     // in trouble
  std::unordered_map<std::string, QueueId> drops;  // names of drop files
  Owners owners;
  WaitingMail waiting_mail;  // what has not ended

  Entry* find(QueueId id) { return entries.find(id); }
  // A new entry, of a message with so many recipients. `weight`: see weight_of().
  Entry& add(QueueId id, const MessageOwner& owner, std::size_t recipients, std::uint32_t weight);
  Entry& add(QueueId id, const proto::Envelope& envelope);
  void erase(QueueId id);
  // Takes the entries and owners of earlier runs.
  void merge(IdMap<Entry> earlier, Owners their_owners, WaitingMail theirs);
  // From memory alone; unknown if there is no such message.
  proto::ShareOwner share_owner_of(QueueId id) const;
  // Messages of the user that have not ended, in order of age.
  std::vector<QueueId> ids_of(std::int64_t uid) const;
  // Ended messages of the user, the latest first.
  std::vector<QueueId> ended_of(std::int64_t uid) const;
  // Keeps an ended message whose records go, and forgets others where all of them take more than `most` octets: the oldest of the large
  // ones first, so that the story of a few messages to thousands does not cost those of all others.
  void remember(QueueId id, Entry& entry, std::shared_ptr<const Message> message, std::uint64_t most);
  // About what all of them take.
  std::uint64_t remembered_octets() const { return remembered_octets_; }
  // Remembers that a record of the message lies there.
  void add_later(QueueId id, Entry& entry, Location location);
  void end(QueueId id, Entry& entry, WallTime when);
  // Beyond `kept` ended messages the oldest are forgotten.
  void forget(std::size_t kept);
  std::uint64_t journal_octets() const;
  // Name of the segment that was written first; 0: there is none.
  std::uint32_t oldest_segment() const;

 private:
  bool forget_oldest(std::deque<QueueId>& remembered);

  std::uint64_t remembered_octets_ = 0;
  std::deque<QueueId> remembered_large_, remembered_small_;  // oldest first; some have been forgotten since
};

// Everything that is needed to read one message without a lock.
struct Snapshot {
  QueueId id;
  Location accepted;
  std::vector<Location> later;
  std::map<std::uint32_t, std::shared_ptr<File>> files;
  bool is_file_doubtful = false;
  bool uses(std::uint32_t segment) const;
};
Snapshot snapshot(const Index& index, QueueId id, const Entry& entry);

// A message as its records tell it.
struct RawMessage {
  QueueId id;
  RecordHeader accepted;
  std::shared_ptr<File> file;
  std::string meta_bytes;
  Accepted meta;
  std::vector<StoredChange> changes;
  std::size_t in_file = 0;          // so many of the changes are in the message file already
  std::vector<Location> damaged{};  // records of changes in the journal that are passed over
  std::uint32_t newest = 0;         // sequence of the last change
};
// An error is permanent if the message itself is damaged, transient if the disk failed or the message file is not there.
Result<RawMessage> read_raw(Disk& disk, const Paths& paths, const Snapshot& from);
// The same message. Applies each change as it is read: memory does not grow with the number of changes.
struct ReadMessage {
  Message message;
  std::vector<Location> damaged{};
};
Result<ReadMessage> read_message(Disk& disk, const Paths& paths, const Snapshot& from);
// The record of a site in the journal.
Result<SiteRecord> read_site(const Index& index, Location location);
// Octets of the record there; `otherwise` if it is damaged so that it does not say.
std::uint64_t size_of_record(const File& file, Location location, std::uint64_t otherwise);
Message to_message(RawMessage raw);

// The notices that an Accepted record settles for this message.
std::vector<Told> told_by(const Accepted& notice, QueueId message);

}  // namespace mxpress::queue
