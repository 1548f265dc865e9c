// Whose the messages are: which belong to which local user, so that "is this mine?" takes the same look at memory whatever the answer is,
// and whose shares of the daemon's budgets each uses.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "proto/envelope.h"
#include "proto/queue_id.h"

namespace mxpress::queue {

// Whose one message is. A user who may see it also has the share; mail that is nobody's may use any share.
class MessageOwner {
 public:
  MessageOwner() = default;  // nobody's, of an unknown share
  explicit MessageOwner(const proto::Submitter& by) : uid_(by.owner()), share_(by.share_owner()) {}
  // A negative uid is nobody.
  static MessageOwner user(std::int64_t uid) { return {uid, proto::ShareOwner::user(uid)}; }
  static MessageOwner nobody(const proto::ShareOwner& share) { return {-1, share}; }

  bool is_user() const { return uid_ >= 0; }
  // Who may see and change it. Negative: operators only.
  std::int64_t uid() const { return uid_; }
  // Gives no right.
  const proto::ShareOwner& share() const { return share_; }

 private:
  MessageOwner(std::int64_t uid, const proto::ShareOwner& share) : uid_(uid), share_(share) {}

  std::int64_t uid_ = -1;
  proto::ShareOwner share_;
};

// Not thread-safe. A message of a user costs one bit, and its neighbours of the same owner share 16 octets; mail that is nobody's is only
// counted.
class Owners {
 public:
  // Stands for a MessageOwner in two octets. 0: nobody's, of an unknown share; also the 65,536th owner with mail, whom operators alone see.
  using Number = std::uint16_t;
  // Of these, clients elsewhere have half at most: however many addresses they have, users keep theirs.
  static constexpr std::size_t kMostShares = 32'767;

  // The message belongs to this owner from now on. Returns the number, which remove() takes, once.
  Number add(const MessageOwner& owner, proto::QueueId id);
  void remove(Number owner, proto::QueueId id);
  // Of an owner with mail; 0 if it has none.
  Number known(const MessageOwner& owner) const;
  // One look into the user's own set: it does not say whether others have such a message.
  bool has(std::int64_t uid, proto::QueueId id) const;
  MessageOwner owner(Number number) const { return number == 0 ? MessageOwner() : sets_[number - 1]->owner; }
  proto::ShareOwner share(Number number) const { return number == 0 ? proto::ShareOwner() : sets_[number - 1]->owner.share(); }
  // In no order.
  std::vector<proto::QueueId> ids(std::int64_t uid) const;

 private:
  static constexpr std::uint64_t kPage = 64;
  struct Set {
    MessageOwner owner;
    std::uint64_t messages = 0;                                     // of a share alone
    boost::unordered_flat_map<std::uint64_t, std::uint64_t> pages;  // of a user, by id / kPage: a bit for each id
  };
  Number number(const MessageOwner& owner);
  void release(Number owner);

  boost::unordered_flat_map<std::int64_t, Number> users_;
  boost::unordered_flat_map<proto::ShareOwner, Number> shares_;  // of mail that is nobody's
  std::vector<std::unique_ptr<Set>> sets_;                       // of number 1, 2 ...
  std::vector<Number> free_;                                     // numbers whose owners have no mail any more
};

}  // namespace mxpress::queue
