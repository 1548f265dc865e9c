// The index of the spool, in memory: the place of each message's records and the stage of each recipient.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "proto/text_hash.h"
#include "queue/accounts.h"
#include "queue/ended_messages.h"
#include "queue/entry.h"
#include "queue/id_map.h"
#include "queue/id_set.h"
#include "queue/owners.h"
#include "queue/waiting_mail.h"

namespace mxpress::queue {

class File;
using proto::QueueId;

struct SegmentEntry {
  std::shared_ptr<File> file;  // shared: contents are read from it after it was removed
  std::uint64_t size = 0;      // octets on disk
  std::uint32_t number = 0;    // its place in the order of writing, independent of its file name
  IdSet touched{};             // messages that have a record in it
};

struct Index {
  IdMap<Entry> entries;
  EndedMessages ended;                                              // the ended ones of `entries`
  std::map<std::uint32_t, SegmentEntry> segments;                   // by the number in their name
  std::unordered_map<std::string, QueueId, proto::TextHash> drops;  // names of drop files
  Owners owners;
  Accounts accounts;         // of all entries
  WaitingMail waiting_mail;  // mail that has not ended

  Entry* find(QueueId id) { return entries.find(id); }
  // Adds an entry for a message with this many recipients. `weight`: see weight_of().
  Entry& add(QueueId id, const MessageOwner& owner, std::size_t recipients, const Weight& weight);
  Entry& add(QueueId id, const proto::Envelope& envelope);
  void erase(QueueId id);
  // True if memory allows one more waiting message of this owner.
  bool has_room_for(const MessageOwner& owner, const Weight& weight) const;
  // Takes over the entries of earlier runs, with their owners, accounts and memory charges. Messages that ended in this run count as ended
  // after those.
  void merge(Index& earlier);
  // Reads memory only. Unknown if there is no such message.
  proto::ShareOwner share_owner_of(QueueId id) const;
  // Messages of the user that have not ended, in order of age.
  std::vector<QueueId> ids_of(std::int64_t uid) const;
  // Ended messages of the user, the latest first.
  std::vector<QueueId> ended_of(std::int64_t uid) const;
  // Keeps an ended message whose records are removed. If all kept ones take more than `most` octets, others are forgotten, the oldest large
  // ones first, so that a few messages to thousands of recipients do not displace all others.
  void remember(QueueId id, Entry& entry, std::shared_ptr<const Message> message, std::uint64_t most);
  // Approximate memory of all kept messages, in octets.
  std::uint64_t remembered_octets() const { return remembered_octets_; }
  // Adds the place of a further record of the message.
  void add_later(QueueId id, Entry& entry, Location location);
  void end(QueueId id, Entry& entry, WallTime when);
  // If more than `kept` ended messages are remembered, forgets those that EndedMessages::take_next() gives.
  void forget(std::size_t kept);
  std::uint64_t journal_octets() const;
  // Name of the segment that was written first; 0 if there is none.
  std::uint32_t oldest_segment() const;

 private:
  Owners::Number owner_of(const Entry& entry) const { return accounts.owner(entry.account()); }
  void erase(QueueId id, const Entry& entry);
  void begin_waiting(const Entry& entry);
  void end_waiting(const Entry& entry);
  bool forget_oldest(std::deque<QueueId>& remembered);

  std::uint64_t remembered_octets_ = 0;
  std::deque<QueueId> remembered_large_, remembered_small_;  // oldest first; some have been forgotten since
};

}  // namespace mxpress::queue
