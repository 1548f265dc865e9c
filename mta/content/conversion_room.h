// The memory that conversions of content (conversion.h) take together, and how much of it one user and one destination may have.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "mta/fairness/fair_budget.h"

namespace mxpress::mta::content {

// A conversion holds its buffers, one header and its plan as long as its transaction lasts, however slow the host is: some 0.5 MiB, and at
// most some 10 MiB for content made to be costly. Users have fair shares (FairBudget) of the room, and of the half of it that all who hold
// something for one destination may have. Any thread.
class ConversionRoom {
 public:
  static constexpr std::size_t kUsual = 28u << 20;
  static constexpr std::size_t kLeastAtDestination = 512u << 10;  // of each user, as long as it is free there: a usual conversion

  struct Owner {
    fairness::Owner submitter;
    std::string destination;
  };

  // What one conversion holds. The room outlives it.
  class Hold {
   public:
    Hold(ConversionRoom& room, Owner owner)
        : room_(room), destination_(std::move(owner.destination)), submitter_(owner.submitter), held_(room_.submitters_, submitter_) {}
    ~Hold() { release(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    // From now on that many octets, or what it was if that was more. False: they do not fit, and nothing has changed.
    [[nodiscard]] bool raise_to(std::size_t octets);
    void release();
    // While no host is asked nothing is held of any destination's share.
    void leave_destination();
    // For the host that is asked next; nothing happens where it is the same. False: it does not fit into that share.
    [[nodiscard]] bool enter_destination(std::string_view destination);

   private:
    ConversionRoom& room_;
    std::string destination_;
    const fairness::Owner submitter_;
    fairness::FairBudget::Hold held_;
    std::size_t held_there_ = 0;  // of the share of destination_
  };

  explicit ConversionRoom(std::size_t octets = kUsual) : submitters_(octets) {}
  // Of this process.
  static ConversionRoom& common();
  std::size_t held() const { return submitters_.held(); }
  std::size_t held_for(const std::string& destination) const;

 private:
  bool take_for(const std::string& destination, const fairness::Owner& submitter, std::size_t octets);
  void give_back_for(const std::string& destination, const fairness::Owner& submitter, std::size_t octets);

  fairness::FairBudget submitters_;
  mutable std::mutex mutex_;
  std::map<std::string, fairness::FairBudget> destinations_;  // for which something is held
};

}  // namespace mxpress::mta::content
