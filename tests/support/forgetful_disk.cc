// The disk that forgets: counts its calls, fails where requested, and leaves the rest to its image.
#include "tests/support/forgetful_disk.h"

#include <mutex>
#include <optional>
#include <random>

namespace mxpress::test {

struct ForgetfulDisk::State {
  // The result of a call: it may continue, it failed, or it failed after doing a part.
  struct Verdict {
    Status status;
    bool is_partial = false;
    bool is_skipped = false;
  };

  std::recursive_mutex mutex;  // `look` forks the disk in the middle of an operation
  DiskImage image;
  std::uint64_t operations = 0, calls = 0, cut = 0, fail = 0, life = 0, octets_written = 0;
  struct Faults {
    std::uint64_t first = 0, end = 0;
    Fault kind = Fault::io;
  };
  std::vector<Faults> faults;
  std::string reason, bad_path, bad_path_reason;
  std::function<void(std::uint64_t)> look;
  bool remembers_calls = false;
  std::vector<Call> history;
  std::function<bool(Call, const std::string&)> skips;
  queue::Room room{std::uint64_t{1} << 40, std::uint64_t{1} << 20};

  std::uint64_t cold_every = 3, looks = 0;

  bool is_off() const { return cut != 0 && operations >= cut; }
  bool is_cold() { return cold_every != 0 && ++looks % cold_every == 0; }

  Verdict count(Call call, const std::string& path) {
    if (is_off()) return {Error::transient("the power is cut")};
    ++calls;
    if (remembers_calls) history.push_back(call);
    for (const auto& fault : faults) {
      if (calls < fault.first || calls >= fault.end || !hits(fault.kind, call)) continue;
      const char* const reasons[] = {"Input/output error", "No space left on device", "Too many open files"};
      return {Error::transient(reasons[static_cast<int>(fault.kind)] + (": " + path)), fault.kind != Fault::handles};
    }
    return {};
  }

  // Counts an operation that changes the disk.
  Verdict step(Call call, const std::string& path) {
    if (look && !is_off()) look(operations + 1);
    ++operations;
    auto verdict = count(call, path);
    if (!verdict.status) return verdict;
    if (!bad_path.empty() && path.find(bad_path) != std::string::npos) return {Error::transient(bad_path_reason + ": " + path)};
    if (operations == fail) return {Error::transient(reason + ": " + path), true};
    verdict.is_skipped = skips && skips(call, path);
    return verdict;
  }
};

bool ForgetfulDisk::hits(Fault fault, Call call) {
  switch (fault) {
    case Fault::io:
      return true;
    case Fault::full:
      return call == Call::create || call == Call::write || call == Call::sync;
    case Fault::handles:
      return call == Call::open || call == Call::create || call == Call::list || call == Call::sync_folder || call == Call::sync_all;
  }
  return false;
}

namespace {

using Call = ForgetfulDisk::Call;

class MemoryFile : public queue::File {
 public:
  MemoryFile(std::shared_ptr<ForgetfulDisk::State> state, NodePtr node, std::string path)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)), life_(state_->life) {}
  ~MemoryFile() override {
    const std::lock_guard lock(state_->mutex);
    if (life_ != state_->life) return;
    node_->exclusive -= lock_ == queue::Lock::exclusive;
    node_->shared -= lock_ == queue::Lock::shared;
  }

  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override {
    const std::lock_guard lock(state_->mutex);
    if (auto s = alive(Call::read); !s) return s.error();
    const auto& bytes = node_->now;
    if (offset >= bytes.size()) return std::size_t{0};
    return bytes.copy(buffer, size, offset);
  }

  std::size_t read_if_cached(std::uint64_t offset, char* buffer, std::size_t size) const override {
    const std::lock_guard lock(state_->mutex);
    const auto& bytes = node_->now;
    if (!same_life() || state_->is_off() || state_->is_cold() || offset >= bytes.size()) return 0;
    return bytes.copy(buffer, size, offset);
  }

  Status write_at(std::uint64_t offset, const std::vector<std::string_view>& pieces) override {
    const std::lock_guard lock(state_->mutex);
    if (auto s = same_life(); !s) return s;
    auto verdict = state_->step(Call::write, path_);
    std::string bytes;
    for (const auto piece : pieces) bytes += piece;
    if (!verdict.status) bytes.resize(verdict.is_partial ? bytes.size() / 2 : 0);
    state_->octets_written += bytes.size();
    if (!bytes.empty()) node_->write({offset, std::move(bytes), {}});
    return verdict.status;
  }

  Status sync() override {
    const std::lock_guard lock(state_->mutex);
    if (auto s = same_life(); !s) return s;
    auto verdict = state_->step(Call::sync, path_);
    std::mt19937_64 random(state_->operations);
    if (verdict.status && !verdict.is_skipped) node_->sync();
    if (verdict.is_partial) node_->fail_sync(random);
    return verdict.status;
  }

  Status allocate(std::uint64_t size) override {
    const std::lock_guard lock(state_->mutex);
    return node_->now.size() < size ? resize(Call::write, size) : Status();
  }
  Status truncate(std::uint64_t size) override {
    const std::lock_guard lock(state_->mutex);
    return resize(Call::change, size);
  }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(state_->mutex);
    if (auto s = alive(Call::look); !s) return s.error();
    return std::uint64_t{node_->now.size()};
  }

  Result<bool> try_lock(queue::Lock lock) override {
    const std::lock_guard guard(state_->mutex);
    if (auto s = alive(Call::look); !s) return s.error();
    if (node_->exclusive != 0 || (lock == queue::Lock::exclusive && node_->shared != 0)) return false;
    lock_ = lock;
    ++(lock == queue::Lock::exclusive ? node_->exclusive : node_->shared);
    return true;
  }

 private:
  Status same_life() const { return life_ == state_->life ? Status() : Status(Error::transient("opened before the power was cut")); }
  Status alive(Call call) const {
    if (auto s = same_life(); !s) return s;
    return state_->count(call, path_).status;
  }
  Status resize(Call call, std::uint64_t size) {
    if (auto s = same_life(); !s) return s;
    if (auto verdict = state_->step(call, path_); !verdict.status) return verdict.status;
    node_->write({0, {}, size});
    return {};
  }

  std::shared_ptr<ForgetfulDisk::State> state_;
  NodePtr node_;
  std::string path_;
  std::uint64_t life_;
  std::optional<queue::Lock> lock_;
};

Error missing(const char* what, const Path& path) { return Error::transient(std::string("no such ") + what + ": " + path.string()); }

}  // namespace

ForgetfulDisk::ForgetfulDisk() : state_(std::make_shared<State>()) {}
ForgetfulDisk::~ForgetfulDisk() = default;

std::uint64_t ForgetfulDisk::operations() const { return state_->operations; }

std::uint64_t ForgetfulDisk::octets_written() const {
  const std::lock_guard lock(state_->mutex);
  return state_->octets_written;
}
void ForgetfulDisk::before_each(std::function<void(std::uint64_t)> look) { state_->look = std::move(look); }
void ForgetfulDisk::cut_at(std::uint64_t operation) { state_->cut = operation; }
void ForgetfulDisk::fail_after(std::uint64_t operations, std::string reason) {
  state_->fail = operations == 0 ? 0 : state_->operations + operations;
  state_->reason = std::move(reason);
}
void ForgetfulDisk::fail_on(std::string path_part, std::string reason) {
  const std::lock_guard lock(state_->mutex);
  state_->bad_path = std::move(path_part);
  state_->bad_path_reason = std::move(reason);
}
void ForgetfulDisk::fail_calls(std::uint64_t first, std::uint64_t end, Fault fault) { state_->faults.push_back({first, end, fault}); }
void ForgetfulDisk::skip_syncs(std::function<bool(Call, const std::string&)> which) { state_->skips = std::move(which); }
void ForgetfulDisk::remember_calls() { state_->remembers_calls = true; }
const std::vector<Call>& ForgetfulDisk::calls() const { return state_->history; }
void ForgetfulDisk::set_room(queue::Room room) { state_->room = room; }
void ForgetfulDisk::make_cold(std::uint64_t every) { state_->cold_every = every; }

std::unique_ptr<ForgetfulDisk> ForgetfulDisk::fork(Cut cut, std::uint64_t seed) const {
  const std::lock_guard lock(state_->mutex);
  auto out = std::make_unique<ForgetfulDisk>();
  out->state_->image = state_->image;
  out->state_->room = state_->room;
  out->state_->skips = state_->skips;
  out->state_->image.cut(cut, seed);
  return out;
}

void ForgetfulDisk::restart(Cut cut, std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  ++state_->life;
  state_->cut = state_->fail = 0;
  state_->faults.clear();
  state_->image.cut(cut, seed);
}

std::vector<std::string> ForgetfulDisk::files() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> out;
  for (const auto& [path, folder] : state_->image.folders())
    for (const auto& [name, node] : folder.now) out.push_back((Path(path) / name).string());
  return out;
}

std::string ForgetfulDisk::content(const std::string& path) const {
  const std::lock_guard lock(state_->mutex);
  return state_->image.find(path)->now;
}

void ForgetfulDisk::replace(const std::string& path, std::string content) {
  const std::lock_guard lock(state_->mutex);
  auto node = std::make_shared<Node>();
  node->now = node->synced = std::move(content);
  state_->image.link(path, node);
  state_->image.sync_folder(Path(path).parent_path());
}

Result<std::shared_ptr<queue::File>> ForgetfulDisk::open(const Path& path, queue::Open mode) {
  const std::lock_guard lock(state_->mutex);
  auto node = state_->image.find(path);
  const bool creates = mode == queue::Open::create || (mode == queue::Open::open_or_create && !node);
  const auto verdict = creates ? state_->step(Call::create, path.string()) : state_->count(Call::open, path.string());
  const bool is_made = creates && !node && state_->image.folder(path.parent_path());
  if (is_made && verdict.is_partial) state_->image.link(path, std::make_shared<Node>());
  if (!verdict.status) return verdict.status.error();
  if (!state_->image.folder(path.parent_path())) return missing("folder", path);
  if (mode == queue::Open::create && node) return Error::transient("exists already: " + path.string());
  if (creates) state_->image.link(path, node = std::make_shared<Node>());
  if (!node) return missing("file", path);
  return std::shared_ptr<queue::File>(std::make_shared<MemoryFile>(state_, node, path.string()));
}

Result<bool> ForgetfulDisk::exists(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto verdict = state_->count(Call::look, path.string()); !verdict.status) return verdict.status.error();
  return state_->image.folder(path) || state_->image.find(path);
}

Result<std::vector<queue::FolderEntry>> ForgetfulDisk::list(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto verdict = state_->count(Call::list, path.string()); !verdict.status) return verdict.status.error();
  const auto* folder = state_->image.folder(path);
  if (!folder) return missing("folder", path);
  std::vector<queue::FolderEntry> out;
  for (const auto& [name, node] : folder->now) out.push_back({name, queue::FolderEntry::Kind::file});
  for (const auto& name : state_->image.folders_in(path)) out.push_back({name, queue::FolderEntry::Kind::folder});
  return out;
}

Status ForgetfulDisk::make_folder(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto verdict = state_->step(Call::create, path.string()); !verdict.status) return verdict.status;
  if (!state_->image.folder(path.parent_path())) return missing("folder", path.parent_path());
  state_->image.make_folder(path);
  return {};
}

Status ForgetfulDisk::rename(const Path& from, const Path& to) {
  const std::lock_guard lock(state_->mutex);
  if (auto verdict = state_->step(Call::change, from.string()); !verdict.status) return verdict.status;
  if (!state_->image.find(from) || !state_->image.folder(to.parent_path())) return missing("file", from);
  state_->image.move(from, to);
  return {};
}

Status ForgetfulDisk::remove(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto verdict = state_->step(Call::change, path.string()); !verdict.status) return verdict.status;
  if (!state_->image.find(path)) return missing("file", path);
  state_->image.unlink(path);
  return {};
}

Status ForgetfulDisk::sync_folder(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  auto verdict = state_->step(Call::sync_folder, path.string());
  if (!state_->image.folder(path)) return missing("folder", path);
  if (verdict.status && !verdict.is_skipped) state_->image.sync_folder(path);
  if (verdict.is_partial && state_->operations % 2) state_->image.fail_sync_folder(path);
  return verdict.status;
}

Status ForgetfulDisk::sync_all(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  auto verdict = state_->step(Call::sync_all, path.string());
  std::mt19937_64 random(state_->operations);
  if (verdict.status && !verdict.is_skipped) state_->image.sync_all();
  if (verdict.is_partial) state_->image.fail_sync_all(random);
  return verdict.status;
}

Result<queue::Room> ForgetfulDisk::room(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto verdict = state_->count(Call::look, path.string()); !verdict.status) return verdict.status.error();
  return state_->room;
}

}  // namespace mxpress::test
