// The memory that conversions of content (conversion.h) take together, and how much of it one user and one destination may have.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "mta/fairness/fair_budget.h"

namespace mxpress::mta::content {

// A conversion holds its buffers, one header and its plan as long as its transaction lasts, however slow the host is: some 0.5 MiB, and at
// most some 10 MiB for content made to be costly. Users have fair shares (FairBudget); a destination may hold a quarter. Any thread.
class ConversionRoom {
 public:
  static constexpr std::size_t kUsual = 32u << 20;

  struct Owner {
    fairness::Owner submitter;
    std::string destination;
  };

  // What one conversion holds. The room outlives it.
  class Hold {
   public:
    Hold(ConversionRoom& room, Owner owner)
        : room_(room), destination_(std::move(owner.destination)), of_submitter_(room.submitters_, owner.submitter) {}
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;
    // From now on that many octets, or what it was if that was more. False: they do not fit, and nothing has changed.
    [[nodiscard]] bool raise_to(std::size_t octets);

   private:
    ConversionRoom& room_;
    const std::string destination_;
    fairness::FairBudget::Hold of_submitter_;
  };

  explicit ConversionRoom(std::size_t octets = kUsual) : submitters_(octets) {}
  // Of this process.
  static ConversionRoom& common();
  std::size_t held() const { return submitters_.held(); }

 private:
  bool take_for(const std::string& destination, std::size_t octets);
  void give_back_for(const std::string& destination, std::size_t octets);

  fairness::FairBudget submitters_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> of_destination_;  // that hold something
};

}  // namespace mxpress::mta::content
