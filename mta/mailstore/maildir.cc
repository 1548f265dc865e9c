// Delivers into a Maildir: https://cr.yp.to/proto/maildir.html
#include "mta/mailstore/maildir.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <memory>

#include "mta/system/descriptor.h"

namespace mxpress::mta::mailstore {
namespace {

using system::Descriptor;

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t kFolderMode = 0700, kFileMode = 0600;
constexpr std::size_t kBlock = 64u << 10;

// Opens a folder of the user, or creates it.
Result<Descriptor> open_or_make(int parent, const char* name, const std::string& path) {
  if (::mkdirat(parent, name, kFolderMode) != 0 && errno != EEXIST) return failed_to("make", path);
  Descriptor folder(::openat(parent, name, kFolder));
  if (!folder.is_open() && (errno == ELOOP || errno == ENOTDIR)) return Error::transient(path + " is a symbolic link or no folder");
  if (!folder.is_open()) return failed_to("open", path);
  struct stat found{};
  if (::fstat(folder.get(), &found) != 0) return failed_to("look at", path);
  if (found.st_uid != ::geteuid()) return Error::transient(path + " belongs to another user");
  return folder;
}

// Letters and digits that are practically unique for an address: FNV-1a.
std::string digest(const std::string& text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return std::to_string(hash);
}

// The same for a repetition. Without ':', which readers put before their flags.
std::string name_of(const Mail& mail) { return std::to_string(mail.time) + "." + mail.id + "R" + digest(mail.recipient) + ".mxpress"; }

struct Maildir {
  std::string path;
  Descriptor whole, fresh, seen, unfinished;  // Maildir, new, cur, tmp
};

Result<Maildir> open_maildir(const std::string& home) {
  Maildir maildir{home + "/Maildir", {}, {}, {}, {}};
  const Descriptor base(::open(home.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!base.is_open()) return failed_to("open", home);
  struct Part {
    const char* name;
    Descriptor& folder;
  };
  auto whole = open_or_make(base.get(), "Maildir", maildir.path);
  if (!whole) return whole.error();
  maildir.whole = std::move(*whole);
  for (const Part& part : {Part{"new", maildir.fresh}, Part{"cur", maildir.seen}, Part{"tmp", maildir.unfinished}}) {
    auto folder = open_or_make(maildir.whole.get(), part.name, maildir.path + "/" + part.name);
    if (!folder) return folder.error();
    part.folder = std::move(*folder);
  }
  return maildir;
}

// True if a mail reader already has a copy, perhaps with flags appended to its name. Nothing can be there from before the message came.
bool has_been_seen(const Maildir& maildir, const std::string& name, std::int64_t time) {
  struct stat folder{};
  if (::fstat(maildir.seen.get(), &folder) == 0 && folder.st_mtime < time) return false;
  Descriptor copy(::openat(maildir.seen.get(), ".", kFolder));
  if (!copy.is_open()) return false;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(copy.get()), ::closedir);
  if (!listing) return false;
  copy.release();  // the listing owns it now
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string_view there = entry->d_name;
    if (there.starts_with(name) && (there.size() == name.size() || there[name.size()] == ':')) return true;
  }
  return false;
}

Status write_file(int file, const Mail& mail, const std::string& path, const FileCalls& calls) {
  std::string block;
  const auto flush = [&] {
    const bool done = write_all(calls, file, block);
    block.clear();
    return done ? Status() : failed_to("write", path);
  };
  const auto add = [&](std::string_view octets) {
    block.append(octets);
    return block.size() < kBlock ? Status() : flush();
  };
  if (Status status = write_stored(mail, Layout::file, add); !status) return status;
  if (Status status = flush(); !status) return status;
  return calls.fsync(file) == 0 ? Status() : failed_to("sync", path);
}

// Moves it into new/ unless it is there. Uses rename on file systems without hard links.
bool put_into_new(const Maildir& maildir, const std::string& name) {
  const int from = maildir.unfinished.get(), to = maildir.fresh.get();
  if (::linkat(from, name.c_str(), to, name.c_str(), 0) == 0 || errno == EEXIST) return true;
  return (errno == EPERM || errno == EOPNOTSUPP) && ::renameat(from, name.c_str(), to, name.c_str()) == 0;
}

}  // namespace

Result<bool> has_maildir(const std::string& home) {
  struct stat found{};
  if (::stat((home + "/Maildir").c_str(), &found) == 0) return S_ISDIR(found.st_mode);
  if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return false;
  return failed_to("look at", home);
}

Status deliver_to_maildir(const std::string& home, const Mail& mail, const FileCalls& calls) {
  const auto maildir = open_maildir(home);
  if (!maildir) return maildir.error();
  const std::string name = name_of(mail), path = maildir->path + "/tmp/" + name;
  if (has_been_seen(*maildir, name, mail.time)) return {};
  ::unlinkat(maildir->unfinished.get(), name.c_str(), 0);  // from an interrupted delivery
  const Descriptor file(::openat(maildir->unfinished.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
  if (!file.is_open()) return failed_to("make", path);
  Status status = write_file(file.get(), mail, path, calls);
  if (status && !put_into_new(*maildir, name)) status = failed_to("move", path);
  ::unlinkat(maildir->unfinished.get(), name.c_str(), 0);
  return status ? sync_folder(calls, maildir->fresh.get(), maildir->path + "/new") : status;
}

}  // namespace mxpress::mta::mailstore
