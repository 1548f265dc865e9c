// Reads files of aliases again after changes.
#include "mta/routing/alias_book.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "mta/routing/trusted_path.h"
#include "mta/system/descriptor.h"
#include "mta/system/file_octets.h"
#include "mta/system/log.h"
#include "proto/result.h"

namespace mxpress::mta::routing {
namespace {

using Kind = proto::AliasTarget::Kind;

constexpr std::size_t kMostTold = 20;  // mistakes of a file, in the log

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

FileStamp stamp_of(const struct stat& file) {
  return {
      0,           file.st_dev, file.st_ino, static_cast<std::uint64_t>(file.st_size), nanoseconds(file.st_mtim), nanoseconds(file.st_ctim),
      file.st_uid, file.st_mode};
}

FileStamp stamp_of(const std::string& path) {
  struct stat file{};
  return ::stat(path.c_str(), &file) == 0 ? stamp_of(file) : FileStamp{errno};
}

// Opens only regular files, because opening others may have side effects.
Result<std::string> read_file(const std::string& path, const FileStamp& stamp, std::uint64_t most) {
  if (stamp.error != 0) return Error::transient(std::strerror(stamp.error));
  if (!S_ISREG(stamp.mode)) return Error::permanent("is no plain file");
  if (stamp.size > most) return Error::permanent("has more than " + std::to_string(most) + " octets");
  const system::Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat opened{};
  if (!file.is_open() || ::fstat(file.get(), &opened) != 0) return Error::transient(std::strerror(errno));
  if (!(stamp_of(opened) == stamp)) return Error::transient("is being changed");
  auto text = system::read_at_most(file.get(), stamp.size);
  if (!text) return Error::transient(std::strerror(errno));
  return std::move(*text);
}

// Empty: only its owner may write or replace it, and he is trusted.
std::string why_untrusted(const std::string& path, const FileStamp& include, std::uint32_t owner_of_aliases) {
  if ((include.mode & (S_IWGRP | S_IWOTH)) != 0) return "others than its owner may write it (chmod go-w)";
  if (include.owner != 0 && include.owner != owner_of_aliases) return "it belongs neither to root nor to the owner of the aliases";
  return why_path_untrusted(path, owner_of_aliases);
}

void add_includes(const proto::AliasTargets& targets, std::vector<std::string>& paths) {
  for (const proto::AliasTarget& target : targets)
    if (target.kind == Kind::include) paths.push_back(target.text);
}

}  // namespace

AliasBook::AliasBook(boost::filesystem::path file) : file_(std::move(file)) {}

std::shared_ptr<const AliasFiles> AliasBook::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

void AliasBook::look(std::vector<std::string> also_included) {
  {
    const std::lock_guard lock(mutex_);
    also_included_ = std::move(also_included);
  }
  look();
}

void AliasBook::look() {
  const std::unique_lock look_lock(look_mutex_, std::try_to_lock);
  if (!look_lock.owns_lock()) return;
  auto next = std::make_shared<AliasFiles>(*files());
  const bool file_changed = !file_.empty() && look_at_file(*next);
  const bool includes_changed = look_at_includes(*next);
  if (!file_changed && !includes_changed) return;
  const std::lock_guard lock(mutex_);
  files_ = std::move(next);
}

// True: `next` has changed.
bool AliasBook::look_at_file(AliasFiles& next) {
  const std::string path = file_.string();
  const FileStamp stamp = stamp_of(path);
  if (stamp_ && *stamp_ == stamp) return false;
  if (stamp.error == ENOENT && !was_read_) {
    stamp_ = stamp;
    next.failure.clear();
    next.is_known = true;
    return true;
  }
  const auto text = read_file(path, stamp, kMostOfFile);
  if (!text && text.error().is_transient()) return fail(text.error().message, next);  // the next look tries again
  stamp_ = stamp;
  return text ? take_table(proto::parse_alias_file(*text), next) : fail(text.error().message, next);
}

bool AliasBook::take_table(proto::AliasTable table, AliasFiles& next) {
  const std::string path = file_.string();
  LogLine line(Priority::info, "aliases");
  log(line.add("file", path).add("names", static_cast<std::int64_t>(table.names.size())));
  tell(table.mistakes, path);
  included_.clear();
  for (const auto& [name, targets] : table.names) add_includes(targets, included_);
  next.table = std::make_shared<const proto::AliasTable>(std::move(table));
  next.failure.clear();
  next.is_known = was_read_ = true;
  return true;
}

bool AliasBook::fail(const std::string& reason, AliasFiles& next) const {
  if (next.failure == reason) return false;
  LogLine line(Priority::alert, "aliases");
  line.add("file", file_.string()).add("reason", reason);
  log(line.add("note", was_read_ ? "what it said before holds" : "no user is refused as unknown"));
  next.failure = reason;
  next.is_known = was_read_;
  return true;
}

// Also includes in includes.
bool AliasBook::look_at_includes(AliasFiles& next) {
  std::vector<std::string> waiting = included_;
  {
    const std::lock_guard lock(mutex_);
    waiting.insert(waiting.end(), also_included_.begin(), also_included_.end());
  }
  const auto before = std::exchange(next.includes, {});
  while (!waiting.empty()) {
    const std::string path = std::move(waiting.back());
    waiting.pop_back();
    if (next.includes.contains(path) || next.includes.size() >= kMostIncludes) continue;
    auto content = include(path);
    add_includes(content->targets, waiting);
    next.includes.emplace(path, std::move(content));
  }
  std::erase_if(known_, [&](const auto& one) { return !next.includes.contains(one.first); });
  return next.includes != before;
}

// Returns the same pointer as before if nothing has changed.
std::shared_ptr<const AliasInclude> AliasBook::include(const std::string& path) {
  const FileStamp stamp = stamp_of(path);
  const std::uint32_t owner = stamp_ && stamp_->error == 0 ? stamp_->owner : 0;
  KnownInclude& known = known_[path];
  const bool is_same = known.content && known.stamp == stamp && known.owner_of_aliases == owner;
  if (is_same && known.content->failure.empty()) return known.content;
  AliasInclude content;
  proto::AliasList list;
  const auto text = read_file(path, stamp, kMostOfInclude);
  if (text) content.failure = why_untrusted(path, stamp, owner);
  if (text && content.failure.empty()) list = proto::parse_alias_list(*text);
  if (!text) content = {{}, text.error().message, text.error().is_transient()};
  content.targets = std::move(list.targets);
  if (known.content && *known.content == content && list.mistakes.empty()) return known.stamp = stamp, known.content;
  if (!content.failure.empty()) log(LogLine(Priority::warning, "aliases").add("file", path).add("reason", content.failure));
  tell(list.mistakes, path);
  known = {stamp, owner, std::make_shared<const AliasInclude>(std::move(content))};
  return known.content;
}

void AliasBook::tell(const std::vector<proto::AliasMistake>& mistakes, const std::string& file) const {
  for (std::size_t i = 0; i < mistakes.size() && i < kMostTold; ++i) {
    LogLine line(Priority::warning, "aliases");
    log(line.add("file", file).add("line", static_cast<std::int64_t>(mistakes[i].line)).add("reason", mistakes[i].text));
  }
  if (mistakes.size() > kMostTold)
    log(LogLine(Priority::warning, "aliases").add("file", file).add("note", "has more mistakes: see mxpress aliases"));
}

}  // namespace mxpress::mta::routing
