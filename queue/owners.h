// The owners of messages: the local user that each message belongs to, so that "is this mine?" takes the same time for any answer, and the
// owner whose shares of the daemon's budgets it uses.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "proto/envelope.h"
#include "proto/queue_id.h"

namespace mxpress::queue {

// The owner of one message. A user who may see a message also has its share; mail without a user may use any share.
class MessageOwner {
 public:
  MessageOwner() = default;  // no user, unknown share
  explicit MessageOwner(const proto::Submitter& by) : uid_(by.owner()), share_(by.share_owner()) {}
  // A negative uid means no user.
  static MessageOwner user(std::int64_t uid) { return {uid, proto::ShareOwner::user(uid)}; }
  static MessageOwner nobody(const proto::ShareOwner& share) { return {-1, share}; }

  bool is_user() const { return uid_ >= 0; }
  // The uid that may see and change it. Negative: operators only.
  std::int64_t uid() const { return uid_; }
  // For budgets only; gives no access right.
  const proto::ShareOwner& share() const { return share_; }

 private:
  MessageOwner(std::int64_t uid, const proto::ShareOwner& share) : uid_(uid), share_(share) {}

  std::int64_t uid_ = -1;
  proto::ShareOwner share_;
};

// Not thread-safe. A message of a user costs one bit, and its neighbours of the same owner share 16 octets; mail without a user is only
// counted.
class Owners {
 public:
  // The number of a MessageOwner, in two octets. 0: no user, unknown share; also the 65,536th owner with mail, whom operators alone see.
  using Number = std::uint16_t;
  // Of these, remote clients have half at most: however many addresses they have, users keep theirs.
  static constexpr std::size_t kMostShares = 32'767;

  // The message belongs to this owner from now on. Returns the number, to be given to remove() once.
  Number add(const MessageOwner& owner, proto::QueueId id);
  void remove(Number owner, proto::QueueId id);
  // The number of an owner with mail; 0 if he has none.
  Number known(const MessageOwner& owner) const;
  // Looks only into the user's own set, so it does not reveal whether others have such a message.
  bool has(std::int64_t uid, proto::QueueId id) const;
  MessageOwner owner(Number number) const { return number == 0 ? MessageOwner() : sets_[number - 1]->owner; }
  proto::ShareOwner share(Number number) const { return number == 0 ? proto::ShareOwner() : sets_[number - 1]->owner.share(); }
  // In no order.
  std::vector<proto::QueueId> ids(std::int64_t uid) const;

 private:
  static constexpr std::uint64_t kPage = 64;
  struct Set {
    MessageOwner owner;
    std::uint64_t messages = 0;                                     // of an owner without uid
    boost::unordered_flat_map<std::uint64_t, std::uint64_t> pages;  // of a user, by id / kPage: a bit for each id
  };
  Number number(const MessageOwner& owner);
  void release(Number owner);

  boost::unordered_flat_map<std::int64_t, Number> users_;
  boost::unordered_flat_map<proto::ShareOwner, Number> shares_;  // of mail without a user
  std::vector<std::unique_ptr<Set>> sets_;                       // of number 1, 2 ...
  std::vector<Number> free_;                                     // numbers of owners who have no mail any more
};

}  // namespace mxpress::queue
