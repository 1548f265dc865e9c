// Places for questions in progress. Owners of questions take turns.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "dns/async.h"
#include "proto/share_owner.h"

namespace mxpress::dns {

// A question that finds no place waits in the line of its owner. A place that becomes free goes to the first question of the next owner who
// may have one more. Thread: one. A coroutine that has a place or waits for one may outlive it.
class QuestionPlaces {
  struct Lines;

 public:
  using Owner = proto::ShareOwner;
  // How many places the owner may have at a time.
  using MostOfOne = std::function<std::size_t(const Owner&)>;

  // It is free again when this is destroyed.
  class Place {
   public:
    Place(Place&& other) noexcept : lines_(std::move(other.lines_)), owner_(other.owner_) {}
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    Place& operator=(Place&& other) noexcept {
      std::swap(lines_, other.lines_);
      std::swap(owner_, other.owner_);
      return *this;
    }
    ~Place();

   private:
    friend class QuestionPlaces;
    Place(std::shared_ptr<Lines> lines, const Owner& owner) : lines_(std::move(lines)), owner_(owner) {}
    std::shared_ptr<Lines> lines_;
    Owner owner_;
  };

  QuestionPlaces(std::size_t most, MostOfOne most_of_one);
  QuestionPlaces(const QuestionPlaces&) = delete;
  QuestionPlaces& operator=(const QuestionPlaces&) = delete;
  ~QuestionPlaces() { close(); }

  // Nullopt: there was none until the deadline, or it was closed.
  Task<std::optional<Place>> take(Owner owner, BootTime deadline);
  // Who waits gets no place any more.
  void close();
  std::size_t waiting() const;

 private:
  struct Waiter;
  const std::shared_ptr<Lines> lines_;  // shared with its places
};

}  // namespace mxpress::dns
