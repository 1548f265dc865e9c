// How much of a validator's thread the questions of each owner take.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstddef>

#include "dns/async.h"
#include "proto/share_owner.h"

namespace mxpress::dns {

// The time of the thread is divided evenly among the questions in progress, and counted for their owners. A twentieth of the time that
// passes is forgiven. Time is an argument; it never goes back. Thread: one.
class LaneUse {
 public:
  using Owner = proto::ShareOwner;
  static constexpr std::size_t kPlaces = 2;                                        // questions of one owner at a time
  static constexpr BootClock::duration kSome = std::chrono::milliseconds(250);     // from here on one at a time
  static constexpr BootClock::duration kMuch = std::chrono::seconds(1);            // from here on none
  static constexpr BootClock::duration kMost = std::chrono::seconds(2);            // more is not counted: after 20 s there is a place again
  static constexpr BootClock::duration kOfBogus = std::chrono::milliseconds(500);  // a bogus answer counts this in addition
  static constexpr int kForgiven = 20;                                             // one second in so many

  void begin(const Owner& owner, BootTime now);
  void end(const Owner& owner, BootTime now);
  void charge(const Owner& owner, BootClock::duration time, BootTime now);
  // How many questions the owner may have in progress.
  std::size_t places(const Owner& owner, BootTime now);
  std::size_t owners() const { return of_owner_.size(); }

 private:
  struct Use {
    std::size_t asked = 0;  // questions in progress
    BootClock::duration used{0};
    BootClock::duration share{0};  // share_ and
    BootTime at{};                 // the time when `used` was counted last
  };
  void settle(Use& use, BootTime now);
  void forget_idle(BootTime now);

  boost::unordered_flat_map<Owner, Use> of_owner_;
  std::size_t asked_ = 0;
  BootClock::duration share_{0};  // of one question that has been in progress all the time
  BootTime last_{};               // the time when share_ was counted
  std::size_t forget_at_ = 1000;  // owners
};

}  // namespace mxpress::dns
