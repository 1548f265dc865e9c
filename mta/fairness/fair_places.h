// Places that coroutines on one thread hold for a while, with fair shares of owners.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "dns/async.h"
#include "mta/fairness/owner.h"

namespace mxpress::mta::fairness {

// A coroutine that finds no place waits in the line of its owner; owners take turns, and of one owner the newest and the oldest. A single
// owner has half of the places at most. Thread: one. A coroutine that has a place or waits for one may outlive it.
class FairPlaces {
  struct Line;

 public:
  // It is free again when this is destroyed.
  class Place {
   public:
    Place(Place&& other) noexcept : line_(std::move(other.line_)), owner_(other.owner_) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&&) = delete;
    ~Place();

   private:
    friend class FairPlaces;
    Place(std::shared_ptr<Line> line, const Owner& owner) : line_(std::move(line)), owner_(owner) {}
    std::shared_ptr<Line> line_;
    Owner owner_;
  };

  explicit FairPlaces(std::uint64_t places);
  FairPlaces(const FairPlaces&) = delete;
  FairPlaces& operator=(const FairPlaces&) = delete;
  ~FairPlaces();

  // Nullopt: there was none until the deadline.
  Task<std::optional<Place>> take(Owner owner, BootTime deadline);
  std::size_t waiting() const;

 private:
  struct Waiter;
  std::shared_ptr<Line> line_;  // shared with its places
};

}  // namespace mxpress::mta::fairness
