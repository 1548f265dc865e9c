// Bounds the log lines about messages that wait for the writer: each owner of mail has a share of the room, and waits by himself.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "mta/fairness/owner.h"

namespace mxpress::mta {

// Counts octets of lines by the owner of the message. An owner has room while he holds less than he leaves free: alone half of the limit,
// n owners 1/(n+1) each. What must be logged is charged in any case, even beyond the share: that keeps its owner waiting, and counts
// against nobody else. Any thread; a mutex and a look-up in a hash table for each call.
class LogRoom {
 public:
  struct Limits {
    std::uint64_t shared;  // octets that owners share
    std::uint64_t most;    // from here on nobody has room, whatever his share
  };
  explicit LogRoom(Limits limits) : limits_(limits) {}
  LogRoom(const LogRoom&) = delete;
  LogRoom& operator=(const LogRoom&) = delete;

  // Octets that are charged, until its end. The room outlives it.
  class Hold {
   public:
    Hold() = default;
    Hold(Hold&& other) noexcept : room_(std::exchange(other.room_, nullptr)), owner_(other.owner_), octets_(other.octets_) {}
    Hold& operator=(Hold&& other) noexcept;
    ~Hold() { release(); }
    void release();
    std::uint64_t octets() const { return room_ ? octets_ : 0; }

   private:
    friend class LogRoom;
    Hold(LogRoom& room, const fairness::Owner& owner, std::uint64_t octets) : room_(&room), owner_(owner), octets_(octets) {}
    LogRoom* room_ = nullptr;
    fairness::Owner owner_;
    std::uint64_t octets_ = 0;
  };

  // Whether lines of so many octets may be made. One message's always may if its owner holds nothing and anything is free.
  bool has_room(const fairness::Owner& owner, std::uint64_t octets = 1) const;
  // Everybody has room for a few lines: there is no need to ask whose message it is.
  bool is_calm() const { return all_.load(std::memory_order_relaxed) < limits_.shared / 2; }
  // Charges them if there is room.
  std::optional<Hold> take(const fairness::Owner& owner, std::uint64_t octets);
  // Charges them in any case.
  [[nodiscard]] Hold charge(const fairness::Owner& owner, std::uint64_t octets);
  // While true everybody has room: the log is not read, and mail matters more.
  void give_up(bool given_up) { given_up_ = given_up; }

  std::uint64_t held() const { return all_; }
  std::uint64_t held_by(const fairness::Owner& owner) const;

 private:
  struct Held {
    std::uint64_t octets = 0;
    std::uint64_t counted = 0;  // of them, against others: never more than the owner leaves free
  };
  bool fits(const fairness::Owner& owner, std::uint64_t octets) const;
  void add(const fairness::Owner& owner, std::uint64_t octets);
  void give_back(const fairness::Owner& owner, std::uint64_t octets);

  const Limits limits_;
  mutable std::mutex mutex_;
  boost::unordered_flat_map<fairness::Owner, Held> of_owner_;  // who hold something
  std::uint64_t counted_ = 0;                                  // of all
  std::atomic<std::uint64_t> all_{0};
  std::atomic<bool> given_up_{false};
};

// The rooms of the log in force; they live as long as the process.
struct LogRooms {
  // A line for each message that is taken in. One owner alone: 4 MiB.
  LogRoom accepted{{8u << 20, 16u << 20}};
  // A line for each recipient of an attempt. One owner alone: 8 MiB, and what attempts that are under way then add.
  LogRoom outcomes{{16u << 20, 56u << 20}};

  void give_up(bool given_up) {
    accepted.give_up(given_up);
    outcomes.give_up(given_up);
  }
};
LogRooms& log_rooms();

}  // namespace mxpress::mta
