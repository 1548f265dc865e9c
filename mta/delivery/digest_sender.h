// Sends the digests of root's failures: one for each owner of mail, because anybody may name root as the sender.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "dns/async.h"
#include "mta/delivery/notice_digest.h"
#include "mta/fairness/owner.h"
#include "proto/result.h"

namespace mxpress::queue {
class MessageStore;
}
namespace mxpress::mta {
class CurrentConfig;
namespace events {
class Hub;
}
namespace fairness {
class FileTurns;
}
}  // namespace mxpress::mta

namespace mxpress::mta::delivery {

// Thread: that of the notices.
class DigestSender {
 public:
  static constexpr std::size_t kMostOwners = 1000;  // with a digest of their own; others have one together

  struct Parts {
    queue::MessageStore& spool;
    const CurrentConfig& config;
    events::Hub& events;
    std::mt19937_64& random;
    fairness::FileTurns* files;  // null: the disk is read at once
  };
  struct Actions {
    std::function<Task<Result<queue::Message>>(proto::QueueId)> load;
    // The recipients whose failure is to be reported to the sender.
    std::function<std::vector<std::uint32_t>(const queue::Message&)> failed_recipients;
    std::function<void(proto::QueueId, const proto::Envelope&)> admit;
  };
  DigestSender(Parts parts, Actions actions) : parts_(parts), actions_(std::move(actions)) {}

  // True if the failures of a message are reported in a digest. `has_turn`: it was decided before that they are not.
  bool joins(const queue::Message& message, bool has_turn);
  // The time to ask again about such a message of this owner; nullopt: it has been reported. The first caller after the digest is due
  // composes it.
  Task<std::optional<queue::Instant>> wait(proto::QueueId message, fairness::Owner owner);

 private:
  NoticeDigest& digest_of(const fairness::Owner& owner);
  Task<void> send(NoticeDigest& digest);
  Task<std::string> subject_of(const queue::Message& message);
  Task<void> store(NoticeDigest& digest, const DigestText& text, std::vector<proto::QueueId> told, NoticeDigest::Rest rest);

  const Parts parts_;
  const Actions actions_;
  std::map<fairness::Owner, NoticeDigest> digests_;
  NoticeDigest of_others_;
};

}  // namespace mxpress::mta::delivery
