// Limits the waiting log lines about messages: each owner of mail has a share, and only owners over their share wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <boost/unordered/unordered_flat_map.hpp>

#include "mta/fairness/owner.h"

namespace mxpress::mta {

// Counts octets of lines by the owner of the message. An owner has room while he holds less than he leaves free: a single one half of the
// limit, n owners 1/(n+1) each. Lines that must be logged are charged in any case, even beyond the share: that makes their owner wait, and
// counts against nobody else. Any thread; each call takes a mutex and a lookup in a hash table.
class LogRoom {
 public:
  struct Limits {
    std::uint64_t shared;  // octets shared by owners
    std::uint64_t most;    // from here on nobody has room, regardless of his share
  };
  explicit LogRoom(Limits limits) : limits_(limits) {}
  LogRoom(const LogRoom&) = delete;
  LogRoom& operator=(const LogRoom&) = delete;

  // Charged octets, until it is destroyed. The room must outlive it.
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

  // True if lines of this many octets may be made. One message's always may if its owner holds nothing and anything is free.
  bool has_room(const fairness::Owner& owner, std::uint64_t octets = 1) const;
  // True if everybody has room for a few lines: then the owner need not be looked up.
  bool is_calm() const { return all_.load(std::memory_order_relaxed) < limits_.shared / 2; }
  // Charges them if there is room.
  std::optional<Hold> take(const fairness::Owner& owner, std::uint64_t octets);
  // Charges them in any case.
  [[nodiscard]] Hold charge(const fairness::Owner& owner, std::uint64_t octets);
  // While true everybody has room: the log is not being read, and mail matters more.
  void give_up(bool given_up) { given_up_ = given_up; }

  std::uint64_t held() const { return all_; }
  std::uint64_t held_by(const fairness::Owner& owner) const;

 private:
  struct Held {
    std::uint64_t octets = 0;
    std::uint64_t counted = 0;  // the part that counts against others: never more than the owner leaves free
  };
  bool fits(const fairness::Owner& owner, std::uint64_t octets) const;
  void add(const fairness::Owner& owner, std::uint64_t octets);
  void give_back(const fairness::Owner& owner, std::uint64_t octets);

  const Limits limits_;
  mutable std::mutex mutex_;
  boost::unordered_flat_map<fairness::Owner, Held> of_owner_;  // only owners who hold something
  std::uint64_t counted_ = 0;                                  // of all owners
  std::atomic<std::uint64_t> all_{0};
  std::atomic<bool> given_up_{false};
};

// The rooms of the log in use; they live as long as the process.
struct LogRooms {
  // A line for each accepted message. A single owner: 4 MiB.
  LogRoom accepted{{8u << 20, 16u << 20}};
  // A line for each recipient of an attempt. A single owner: 8 MiB, plus the lines of attempts then in progress.
  LogRoom outcomes{{16u << 20, 56u << 20}};

  void give_up(bool given_up) {
    accepted.give_up(given_up);
    outcomes.give_up(given_up);
  }
};
LogRooms& log_rooms();

}  // namespace mxpress::mta
