// Which messages belong to which local user, so that "is this mine?" takes the same look at memory whatever the answer is.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "proto/queue_id.h"

namespace mxpress::queue {

// Not thread-safe. A message costs one bit, and its neighbours of the same owner share 16 octets.
class Owners {
 public:
  // Stands for a uid in two octets. 0: nobody's (mail whose submitter is unknown, or the 65,536th user with mail: only operators see it).
  using Number = std::uint16_t;

  // The message belongs to this user from now on. Returns the number that remove() takes. A negative uid is nobody.
  Number add(std::int64_t uid, proto::QueueId id);
  void remove(Number owner, proto::QueueId id);
  // One look into the user's own set: it does not say whether others have such a message.
  bool has(std::int64_t uid, proto::QueueId id) const;
  // -1: nobody.
  std::int64_t uid(Number owner) const { return owner == 0 ? -1 : sets_[owner - 1]->uid; }
  // In no order.
  std::vector<proto::QueueId> ids(std::int64_t uid) const;

 private:
  static constexpr std::uint64_t kPage = 64;
  struct Set {
    std::int64_t uid = -1;
    boost::unordered_flat_map<std::uint64_t, std::uint64_t> pages;  // by id / kPage: a bit for each id
  };
  Number number(std::int64_t uid);

  boost::unordered_flat_map<std::int64_t, Number> numbers_;
  std::vector<std::unique_ptr<Set>> sets_;  // of number 1, 2 ...
  std::vector<Number> free_;                // numbers whose users have no mail any more
};

}  // namespace mxpress::queue
