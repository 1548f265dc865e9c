// What a Maildir holds, known without listing it each time.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <unordered_set>

#include "dns/async.h"
#include "proto/queue_id.h"

namespace mxpress::mta::delivery {

struct MailboxUse {
  std::uint64_t messages = 0;
  std::uint64_t octets = 0;
};

// Counts of new/ and cur/, and which messages of the queue have a copy there. The folders are listed once, and again only where somebody
// else has changed them: their modification times tell, and kListAgain lies between two listings. What is delivered meanwhile is counted at
// once; what a mail reader deletes is noticed at the next listing. Nothing of it is durable. Thread: one at a time. A listing blocks.
class MailboxCensus {
 public:
  static constexpr std::chrono::seconds kListAgain{60};
  struct Entry {
    std::optional<proto::QueueId> id;  // of a copy that mxpress made
    std::uint64_t octets = 0;
  };
  // Calls `visit` for each file of a folder.
  using List = std::function<void(const boost::filesystem::path& folder, const std::function<void(const Entry&)>& visit)>;

  explicit MailboxCensus(boost::filesystem::path maildir, List list = list_folder);

  MailboxUse use();
  bool has(proto::QueueId id);
  // A copy of so many octets has come into new/.
  void added(proto::QueueId id, std::uint64_t octets);

  static void list_folder(const boost::filesystem::path& folder, const std::function<void(const Entry&)>& visit);

 private:
  struct Times {
    std::timespec fresh{}, seen{};  // of new/ and cur/
    bool operator==(const Times& other) const;
  };
  Times times() const;
  void look();
  void list_all();

  boost::filesystem::path maildir_;
  List list_;
  MailboxUse use_;
  std::unordered_set<proto::QueueId> ids_;
  std::optional<Times> as_of_;
  BootTime listed_ = BootTime::min();
};

}  // namespace mxpress::mta::delivery
