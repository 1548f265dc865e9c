// The memory of all conversions of content (conversion.h), with limits per user and destination.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "mta/fairness/fair_budget.h"

namespace mxpress::mta::content {

// A conversion holds its buffers, one header and its plan for the whole transaction, however slow the host is: some 0.5 MiB, and at most
// some 10 MiB for content made to be costly. Users have fair shares (FairBudget) of the room, and of half of it for all conversions for one
// destination. Any thread.
class ConversionRoom {
 public:
  static constexpr std::size_t kUsual = 28u << 20;
  static constexpr std::size_t kLeastAtDestination = 512u << 10;  // for each user, as long as it is free there: a usual conversion

  struct Owner {
    fairness::Owner submitter;
    std::string destination;
  };

  // The memory held by one conversion. The room must outlive it.
  class Hold {
   public:
    Hold(ConversionRoom& room, Owner owner)
        : room_(room), destination_(std::move(owner.destination)), submitter_(owner.submitter), held_(room_.submitters_, submitter_) {}
    ~Hold() { release(); }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    // Holds this many octets from now on, or the previous number if that was larger. False: they do not fit, and nothing has changed.
    [[nodiscard]] bool raise_to(std::size_t octets);
    void release();
    // While no host is being tried no destination's share is used.
    void leave_destination();
    // For the next host to try; does nothing if it is the same. False: it does not fit into that share.
    [[nodiscard]] bool enter_destination(std::string_view destination);

   private:
    ConversionRoom& room_;
    std::string destination_;
    const fairness::Owner submitter_;
    fairness::FairBudget::Hold held_;
    std::size_t held_there_ = 0;  // of the share of destination_
  };

  explicit ConversionRoom(std::size_t octets = kUsual) : submitters_(octets) {}
  // The room of this process.
  static ConversionRoom& common();
  std::size_t held() const { return submitters_.held(); }
  std::size_t held_for(const std::string& destination) const;

 private:
  bool take_for(const std::string& destination, const fairness::Owner& submitter, std::size_t octets);
  void give_back_for(const std::string& destination, const fairness::Owner& submitter, std::size_t octets);

  fairness::FairBudget submitters_;
  mutable std::mutex mutex_;
  std::map<std::string, fairness::FairBudget> destinations_;  // only those with a holder
};

}  // namespace mxpress::mta::content
