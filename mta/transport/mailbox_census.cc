// Counts the contents of a Maildir.
#include "mta/transport/mailbox_census.h"

#include <sys/stat.h>

#include <boost/filesystem/directory.hpp>
#include <boost/filesystem/operations.hpp>
#include <utility>

namespace mxpress::mta::transport {
namespace {

namespace fs = boost::filesystem;

constexpr std::size_t kIdLength = 13;

std::timespec modified(const fs::path& folder) {
  struct stat status{};
  return ::stat(folder.c_str(), &status) == 0 ? status.st_mtim : std::timespec{};
}

bool are_equal(const std::timespec& a, const std::timespec& b) { return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec; }

}  // namespace

bool MailboxCensus::Times::operator==(const Times& other) const { return are_equal(fresh, other.fresh) && are_equal(seen, other.seen); }

MailboxCensus::MailboxCensus(fs::path maildir, List list) : maildir_(std::move(maildir)), list_(std::move(list)) {}

MailboxUse MailboxCensus::use() {
  look();
  return use_;
}

bool MailboxCensus::has(proto::QueueId id) {
  look();
  return ids_.contains(id);
}

MailboxUse MailboxCensus::use_if_full() {
  const BootTime now = BootClock::now();
  if (as_of_ && now < listed_ + kListAgain) return use_;
  listed_ = now;
  list_all();
  return use_;
}

// Our own change is no reason to list the folders: their times are updated only if nobody else has changed them. A file that is already
// known was seen by a listing meanwhile.
Status MailboxCensus::add(proto::QueueId id, std::uint64_t octets, const std::function<Status()>& put_there) {
  const bool was_current = as_of_ && *as_of_ == times();
  if (auto status = put_there(); !status) return status;
  if (ids_.insert(id).second) {
    ++use_.messages;
    use_.octets += octets;
  }
  if (was_current) as_of_ = times();
  return {};
}

MailboxCensus::Times MailboxCensus::times() const { return {modified(maildir_ / "new"), modified(maildir_ / "cur")}; }

void MailboxCensus::look() {
  const BootTime now = BootClock::now();
  if (as_of_ && (now < listed_ + kListAgain || *as_of_ == times())) return;
  listed_ = now;
  list_all();
}

// The times are read first, so that a change during the listing causes another one.
void MailboxCensus::list_all() {
  as_of_ = times();
  use_ = {};
  ids_.clear();
  const auto visit = [this](const Entry& entry) {
    ++use_.messages;
    use_.octets += entry.octets;
    if (entry.id) ids_.insert(*entry.id);
  };
  list_(maildir_ / "new", visit);
  list_(maildir_ / "cur", visit);
}

void MailboxCensus::list_folder(const fs::path& folder, const std::function<void(const Entry&)>& visit) {
  boost::system::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    boost::system::error_code gone;
    const auto size = fs::file_size(at->path(), gone);
    if (gone) continue;
    const std::string name = at->path().filename().string();
    visit({name.size() > kIdLength ? proto::QueueId::parse(name.substr(0, kIdLength)) : std::nullopt, size});
  }
}

}  // namespace mxpress::mta::transport
