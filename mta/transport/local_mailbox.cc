// The daemon's own Maildir.
#include "mta/transport/local_mailbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/filesystem/operations.hpp>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "mta/system/descriptor.h"
#include "mta/system/file_octets.h"

namespace mxpress::mta::transport {
namespace {

namespace fs = boost::filesystem;

Error io_error(const char* doing, const fs::path& path) {
  return Error::transient(std::string("the local mailbox: ") + doing + " " + path.string() + ": " + std::strerror(errno));
}

Status make_maildir(const fs::path& maildir) {
  for (const fs::path& folder : {maildir, maildir / "tmp", maildir / "new", maildir / "cur"})
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return io_error("creating", folder);
  return {};
}

// Maildir readers expect LF line ends; the spool has CRLF only.
Status copy_content(const queue::Content& content, int fd, const fs::path& path) {
  std::vector<char> buffer(64 * 1024);
  std::uint64_t offset = 0;
  while (offset < content.size()) {
    const auto got = content.read(offset, buffer.data(), buffer.size());
    if (!got) return got.error();
    if (*got == 0) return Error::transient("the local mailbox: the content ended early");
    offset += *got;
    std::string text(buffer.data(), *got);
    std::erase(text, '\r');
    if (!system::write_all(fd, text)) return io_error("writing", path);
  }
  return {};
}

Status write_message(const fs::path& path, const queue::Message& message, const std::string& delivered_to) {
  const system::Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return io_error("creating", path);
  const std::string prefix = "Return-Path: <" + message.envelope.reverse_path.to_string() + ">\nDelivered-To: " + delivered_to + "\n";
  if (!system::write_all(fd.get(), prefix)) return io_error("writing", path);
  if (auto status = copy_content(*message.content, fd.get(), path); !status) return status;
  if (::fsync(fd.get()) != 0) return io_error("syncing", path);
  return {};
}

// One for each Maildir of the process, shared by the deliveries of all workers, the notices and the control socket.
struct SharedCensus {
  explicit SharedCensus(const fs::path& maildir) : census(maildir) {}
  std::mutex mutex;
  MailboxCensus census;
};

SharedCensus& census_of(const fs::path& maildir) {
  static std::mutex mutex;
  static std::map<fs::path, SharedCensus> all;
  const std::lock_guard lock(mutex);
  return all.try_emplace(maildir, maildir).first->second;
}

Status check_room(const fs::path& maildir, const MailboxUse& use, std::uint64_t more, std::uint64_t limit) {
  if (use.octets + more <= limit) return {};
  return Error::transient("the local mailbox " + maildir.string() + " is full (" + std::to_string(use.messages) + " messages, " +
                          std::to_string(use.octets) + " octets): read and delete some, or raise [local] mailbox_limit");
}

}  // namespace

Status deliver_to_mailbox(const fs::path& maildir, std::uint64_t limit, const queue::Message& message, const std::string& delivered_to) {
  if (auto status = make_maildir(maildir); !status) return status;
  const std::string name = message.id.to_string() + ".mxpress";
  SharedCensus& shared = census_of(maildir);
  {
    const std::lock_guard lock(shared.mutex);
    if (shared.census.has(message.id)) return {};
    const std::uint64_t more = message.content->size();
    const bool seems_full = !check_room(maildir, shared.census.use(), more, limit);
    if (auto room = seems_full ? check_room(maildir, shared.census.use_if_full(), more, limit) : Status(); !room) return room;
  }
  const fs::path temporary = maildir / "tmp" / name;
  if (auto status = write_message(temporary, message, delivered_to); !status) {
    ::unlink(temporary.c_str());
    return status;
  }
  const auto put_there = [&]() -> Status {
    if (::rename(temporary.c_str(), (maildir / "new" / name).c_str()) != 0) return io_error("renaming", temporary);
    return {};
  };
  {
    const std::lock_guard lock(shared.mutex);
    if (auto status = shared.census.add(message.id, message.content->size(), put_there); !status) return status;
  }
  const fs::path arrived = maildir / "new";
  return system::sync_folder(arrived.c_str()) ? Status() : io_error("syncing", arrived);
}

MailboxUse mailbox_use(const fs::path& maildir) {
  SharedCensus& shared = census_of(maildir);
  const std::lock_guard lock(shared.mutex);
  return shared.census.use();
}

}  // namespace mxpress::mta::transport
