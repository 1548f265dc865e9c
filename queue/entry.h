// The index entry of one message.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "proto/time.h"
#include "queue/accounts.h"
#include "queue/record.h"
#include "queue/stages.h"
#include "queue/waiting_mail.h"

namespace mxpress::queue {

struct Message;

// There may be millions of them. Most messages have no history and allocate nothing for it.
class Entry {
 public:
  // Only for messages with more than one recipient, and for ended messages.
  struct Rest {
    OtherStages other_stages;
    WallTime ended_at{};
    std::uint32_t weight = 0;                   // see Entry::weight(), of more than one recipient
    std::shared_ptr<const Message> remembered;  // of an ended message whose records are gone; shared with callers of load()
    std::uint64_t remembered_octets = 0;        // approximate memory of `remembered`
  };
  // Only for messages with a Rest, or with history that is not all in their files.
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

  // The place of its Accepted record; segment 0: in the message file.
  Location accepted() const { return has_more_ ? word_.more->accepted : word_.accepted; }
  void set_accepted(Location where) { (has_more_ ? word_.more->accepted : word_.accepted) = where; }
  More* more() { return has_more_ ? word_.more : nullptr; }
  const More* more() const { return has_more_ ? word_.more : nullptr; }
  // Created if it does not exist.
  More& history();
  Rest& rest();
  WallTime ended_at() const { return has_more_ && word_.more->rest ? word_.more->rest->ended_at : WallTime{}; }
  std::shared_ptr<const Message> remembered() const { return has_more_ && word_.more->rest ? word_.more->rest->remembered : nullptr; }
  // All recipients are pending. `weight`: octets of memory charged for the waiting message, without its first destination.
  void begin(std::size_t recipients, std::uint32_t weight);
  std::uint32_t weight() const { return has_more_ && recipients() > 1 ? word_.more->rest->weight : kSmallMessage; }
  Stages stages() { return {first_stage, has_more_ && word_.more->rest ? &word_.more->rest->other_stages : nullptr}; }
  // The number of recipients.
  std::size_t recipients() const { return 1 + (has_more_ && word_.more->rest ? word_.more->rest->other_stages.octets.size() : 0); }
  // The first `told` records of `later` are now in its message file, synced.
  void moved(std::size_t told);

  std::uint32_t sequence = 0;
  StageOctet first_stage{};
  bool ended : 1 = false;

 private:
  friend struct Index;
  void forget_history();
  // Valid once Index::add() has set it.
  Accounts::Number account() const { return static_cast<Accounts::Number>(account_high_ << 16 | account_low_); }
  void set_account(Accounts::Number account) {
    account_high_ = account >> 16;
    account_low_ = static_cast<std::uint16_t>(account);
  }

  bool has_more_ : 1 = false;
  static_assert(Accounts::kBits == 6 + 16);
  std::uint8_t account_high_ : 6 = 0;
  std::uint16_t account_low_ = 0;
  union Word {
    Location accepted{};
    More* more;  // owned
  } word_;
};
static_assert(sizeof(Entry) <= 16);

}  // namespace mxpress::queue
