// The contents of a Maildir, known without listing it each time.
#pragma once

#include <boost/filesystem/path.hpp>
#include <cstdint>
#include <ctime>
#include <functional>
#include <optional>
#include <unordered_set>

#include "dns/async.h"
#include "proto/queue_id.h"
#include "proto/result.h"

namespace mxpress::mta::transport {

struct MailboxUse {
  std::uint64_t messages = 0;
  std::uint64_t octets = 0;
};

// Counts new/ and cur/, and knows which messages of the queue have a copy there. The folders are listed once, and again only if somebody
// else has changed them, as their modification times tell, with kListAgain between two listings. Deliveries are counted at once; deletions
// by a mail reader are noticed at the next listing. Nothing is durable. Thread: one at a time. A listing blocks.
class MailboxCensus {
 public:
  static constexpr std::chrono::seconds kListAgain{60};
  struct Entry {
    std::optional<proto::QueueId> id;  // if the copy was made by mxpress
    std::uint64_t octets = 0;
  };
  // Calls `visit` for each file of a folder.
  using List = std::function<void(const boost::filesystem::path& folder, const std::function<void(const Entry&)>& visit)>;

  explicit MailboxCensus(boost::filesystem::path maildir, List list = list_folder);

  MailboxUse use();
  bool has(proto::QueueId id);
  // Calls `put_there`, which puts a copy of this many octets into new/, and counts the copy if that succeeds. An earlier change by somebody
  // else still causes a listing.
  Status add(proto::QueueId id, std::uint64_t octets, const std::function<Status()>& put_there);
  // For a mailbox that seems full: lists the folders even if their times are unchanged, because two changes may share a tick of the clock.
  // The same interval applies.
  MailboxUse use_if_full();

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

}  // namespace mxpress::mta::transport
