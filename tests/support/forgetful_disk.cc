// The disk that forgets: files with their synced content and the writes since; folders with their synced names and the changes since.
#include "tests/support/forgetful_disk.h"

#include <algorithm>
#include <optional>
#include <set>

namespace mxpress::test {
namespace {

constexpr std::size_t kSector = 512;

struct Node {
  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
    std::optional<std::uint64_t> size;  // a truncation or allocation instead
  };
  std::string now, synced;
  std::vector<Write> writes;  // since the last sync
  int exclusive = 0, shared = 0;
};
using NodePtr = std::shared_ptr<Node>;  // shared by names and open files

struct Folder {
  std::map<std::string, NodePtr> now, synced;
  std::vector<std::map<std::string, NodePtr>> steps;  // the names after each change since the last sync
};

void do_write(std::string& content, const Node::Write& write) {
  if (write.size) return content.resize(*write.size, '\0');
  if (content.size() < write.offset + write.bytes.size()) content.resize(write.offset + write.bytes.size(), '\0');
  content.replace(write.offset, write.bytes.size(), write.bytes);
}

std::vector<Node::Write> in_sectors(const Node::Write& write) {
  if (write.size) return {write};
  std::vector<Node::Write> out;
  for (std::size_t at = 0; at < write.bytes.size();) {
    const auto end = std::min(write.bytes.size(), at + kSector - (write.offset + at) % kSector);
    out.push_back({write.offset + at, write.bytes.substr(at, end - at), {}});
    at = end;
  }
  return out;
}

}  // namespace

struct ForgetfulDisk::State {
  std::mutex mutex;
  std::map<std::string, Folder> folders;
  std::set<std::string> durable_folders;
  std::uint64_t operations = 0, cut = 0, fail = 0, life = 0;
  std::string reason, bad_path, bad_path_reason;
  // From one folder to another, since the last cut. A journaling file system keeps both ends of a rename or none.
  struct Move {
    Path from, to;
    NodePtr node;
  };
  std::vector<Move> moves;
  queue::Room room{std::uint64_t{1} << 40, std::uint64_t{1} << 20};

  // Counts an operation that changes something; true for `torn` if it shall do a part before it fails.
  Status step(const std::string& path, bool* torn = nullptr) {
    ++operations;
    if (cut != 0 && operations >= cut) return Error::transient("the power is cut");
    if (!bad_path.empty() && path.find(bad_path) != std::string::npos) return Error::transient(bad_path_reason + ": " + path);
    if (operations != fail) return {};
    if (torn) *torn = true;
    return Error::transient(reason + ": " + path);
  }

  Status may_read() const { return cut != 0 && operations >= cut ? Status(Error::transient("the power is cut")) : Status(); }

  Folder* folder(const Path& path) {
    const auto found = folders.find(path.string());
    return found == folders.end() ? nullptr : &found->second;
  }

  void keep_moves_whole() {
    for (const auto& move : std::exchange(moves, {})) {
      auto &from = *folder(move.from.parent_path()), &to = *folder(move.to.parent_path());
      if (!from.synced.contains(move.from.filename().string())) to.synced.emplace(move.to.filename().string(), move.node);
      to.now = to.synced;
    }
  }

  void release_locks() {
    for (auto& [path, folder] : folders)
      for (auto& [name, node] : folder.now) node->exclusive = node->shared = 0;
  }

  void changed(Folder& folder) { folder.steps.push_back(folder.now); }
};

namespace {

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
    if (auto s = alive(); !s) return s.error();
    const auto& bytes = node_->now;
    if (offset >= bytes.size()) return std::size_t{0};
    return bytes.copy(buffer, size, offset);
  }

  Status write_at(std::uint64_t offset, const std::vector<std::string_view>& pieces) override {
    const std::lock_guard lock(state_->mutex);
    if (auto s = alive(); !s) return s;
    bool torn = false;
    auto status = state_->step(path_, &torn);
    std::string bytes;
    for (const auto piece : pieces) bytes += piece;
    if (!status) bytes.resize(torn ? bytes.size() / 2 : 0);
    if (!bytes.empty()) change({offset, std::move(bytes), {}});
    return status;
  }

  // A failed sync forgets, as Linux does: a later one succeeds without what was lost.
  Status sync() override {
    const std::lock_guard lock(state_->mutex);
    if (auto s = alive(); !s) return s;
    bool torn = false;
    auto status = state_->step(path_, &torn);
    if (status)
      for (const auto& write : node_->writes) do_write(node_->synced, write);
    if (status || torn) node_->writes.clear();
    return status;
  }

  Status allocate(std::uint64_t size) override { return node_->now.size() < size ? resize(size) : Status(); }
  Status truncate(std::uint64_t size) override { return resize(size); }

  Result<std::uint64_t> size() const override {
    const std::lock_guard lock(state_->mutex);
    if (auto s = alive(); !s) return s.error();
    return std::uint64_t{node_->now.size()};
  }

  Result<bool> try_lock(queue::Lock lock) override {
    const std::lock_guard guard(state_->mutex);
    if (auto s = alive(); !s) return s.error();
    if (node_->exclusive != 0 || (lock == queue::Lock::exclusive && node_->shared != 0)) return false;
    lock_ = lock;
    ++(lock == queue::Lock::exclusive ? node_->exclusive : node_->shared);
    return true;
  }

 private:
  Status alive() const {
    if (life_ != state_->life) return Error::transient("opened before the power was cut");
    return state_->may_read();
  }
  void change(Node::Write write) {
    do_write(node_->now, write);
    node_->writes.push_back(std::move(write));
  }
  Status resize(std::uint64_t size) {
    const std::lock_guard lock(state_->mutex);
    if (auto s = alive(); !s) return s;
    if (auto s = state_->step(path_); !s) return s;
    change({0, {}, size});
    return {};
  }

  std::shared_ptr<ForgetfulDisk::State> state_;
  NodePtr node_;
  std::string path_;
  std::uint64_t life_;
  std::optional<queue::Lock> lock_;
};

void forget(Node& node, ForgetfulDisk::Cut cut, std::mt19937_64& random) {
  if (cut == ForgetfulDisk::Cut::all) {
    node.synced = node.now;
  } else if (cut == ForgetfulDisk::Cut::prefix && !node.writes.empty()) {
    const auto whole = random() % node.writes.size();
    for (std::size_t i = 0; i < whole; ++i) do_write(node.synced, node.writes[i]);
    const auto sectors = in_sectors(node.writes[whole]);
    const auto kept = random() % (sectors.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) do_write(node.synced, sectors[i]);
  } else if (cut == ForgetfulDisk::Cut::subset) {
    for (const auto& write : node.writes)
      for (const auto& sector : in_sectors(write))
        if (random() % 2) do_write(node.synced, sector);
  }
  node = Node{node.synced, node.synced, {}, 0, 0};
}

void forget(Folder& folder, ForgetfulDisk::Cut cut, std::mt19937_64& random) {
  if (cut == ForgetfulDisk::Cut::all) folder.synced = folder.now;
  if (cut == ForgetfulDisk::Cut::subset && !folder.steps.empty()) {
    const auto last = random() % (folder.steps.size() + 1);
    if (last != 0) folder.synced = folder.steps[last - 1];
  }
  folder.now = folder.synced;
  folder.steps.clear();
}

}  // namespace

ForgetfulDisk::ForgetfulDisk() : state_(std::make_shared<State>()) {
  state_->folders["/"];
  state_->durable_folders.insert("/");
}
ForgetfulDisk::~ForgetfulDisk() = default;

std::uint64_t ForgetfulDisk::operations() const { return state_->operations; }
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
void ForgetfulDisk::set_room(queue::Room room) { state_->room = room; }

void ForgetfulDisk::restart(Cut cut, std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  std::mt19937_64 random(seed);
  ++state_->life;
  state_->cut = state_->fail = 0;
  if (cut == Cut::kill) return state_->release_locks();
  std::set<NodePtr> nodes;
  for (auto& [path, folder] : state_->folders) forget(folder, cut, random);
  if (cut != Cut::all) state_->keep_moves_whole();
  for (auto& [path, folder] : state_->folders) {
    for (const auto& [name, node] : folder.now) nodes.insert(node);
  }
  for (const auto& node : nodes) forget(*node, cut, random);
  if (cut == Cut::all)
    for (const auto& [path, folder] : state_->folders) state_->durable_folders.insert(path);
  std::erase_if(state_->folders, [this](const auto& folder) { return !state_->durable_folders.contains(folder.first); });
}

std::vector<std::string> ForgetfulDisk::files() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> out;
  for (const auto& [path, folder] : state_->folders)
    for (const auto& [name, node] : folder.now) out.push_back((Path(path) / name).string());
  return out;
}

std::string ForgetfulDisk::content(const std::string& path) const {
  const std::lock_guard lock(state_->mutex);
  return state_->folder(Path(path).parent_path())->now.at(Path(path).filename().string())->now;
}

void ForgetfulDisk::replace(const std::string& path, std::string content) {
  const std::lock_guard lock(state_->mutex);
  auto& folder = *state_->folder(Path(path).parent_path());
  auto node = std::make_shared<Node>();
  node->now = node->synced = std::move(content);
  folder.now[Path(path).filename().string()] = folder.synced[Path(path).filename().string()] = node;
}

Result<std::shared_ptr<queue::File>> ForgetfulDisk::open(const Path& path, queue::Open mode) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->may_read(); !s) return s.error();
  auto* folder = state_->folder(path.parent_path());
  if (!folder) return Error::transient("no such folder: " + path.string());
  const auto name = path.filename().string();
  auto found = folder->now.find(name);
  const bool creates = mode == queue::Open::create || (mode == queue::Open::open_or_create && found == folder->now.end());
  if (mode == queue::Open::create && found != folder->now.end()) return Error::transient("exists already: " + path.string());
  if (creates) {
    if (auto s = state_->step(path.string()); !s) return s.error();
    found = folder->now.emplace(name, std::make_shared<Node>()).first;
    state_->changed(*folder);
  }
  if (found == folder->now.end()) return Error::transient("no such file: " + path.string());
  return std::shared_ptr<queue::File>(std::make_shared<MemoryFile>(state_, found->second, path.string()));
}

Result<bool> ForgetfulDisk::exists(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->may_read(); !s) return s.error();
  auto* folder = state_->folder(path.parent_path());
  return state_->folder(path) != nullptr || (folder && folder->now.contains(path.filename().string()));
}

Result<std::vector<queue::FolderEntry>> ForgetfulDisk::list(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->may_read(); !s) return s.error();
  auto* folder = state_->folder(path);
  if (!folder) return Error::transient("no such folder: " + path.string());
  std::vector<queue::FolderEntry> out;
  for (const auto& [name, node] : folder->now) out.push_back({name, queue::FolderEntry::Kind::file});
  for (const auto& [other, entry] : state_->folders)
    if (Path(other).parent_path() == path && other != path)
      out.push_back({Path(other).filename().string(), queue::FolderEntry::Kind::folder});
  return out;
}

Status ForgetfulDisk::make_folder(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->step(path.string()); !s) return s;
  if (!state_->folder(path.parent_path())) return Error::transient("no such folder: " + path.parent_path().string());
  state_->folders[path.string()];
  return {};
}

Status ForgetfulDisk::rename(const Path& from, const Path& to) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->step(from.string()); !s) return s;
  auto *old_folder = state_->folder(from.parent_path()), *new_folder = state_->folder(to.parent_path());
  if (!old_folder || !new_folder || !old_folder->now.contains(from.filename().string()))
    return Error::transient("no such file: " + from.string());
  new_folder->now[to.filename().string()] = old_folder->now[from.filename().string()];
  if (from != to) old_folder->now.erase(from.filename().string());
  state_->changed(*old_folder);
  if (new_folder != old_folder) {
    state_->changed(*new_folder);
    state_->moves.push_back({from, to, new_folder->now[to.filename().string()]});
  }
  return {};
}

Status ForgetfulDisk::remove(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->step(path.string()); !s) return s;
  auto* folder = state_->folder(path.parent_path());
  if (!folder || folder->now.erase(path.filename().string()) == 0) return Error::transient("no such file: " + path.string());
  std::erase_if(state_->moves, [&](const State::Move& move) { return move.to == path; });
  state_->changed(*folder);
  return {};
}

Status ForgetfulDisk::sync_folder(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->step(path.string()); !s) return s;
  auto* folder = state_->folder(path);
  if (!folder) return Error::transient("no such folder: " + path.string());
  folder->synced = folder->now;
  folder->steps.clear();
  for (const auto& [other, entry] : state_->folders)
    if (Path(other).parent_path() == path) state_->durable_folders.insert(other);
  return {};
}

Status ForgetfulDisk::sync_all(const Path& path) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->step(path.string()); !s) return s;
  for (auto& [name, folder] : state_->folders) {
    folder.synced = folder.now;
    folder.steps.clear();
    state_->durable_folders.insert(name);
    for (auto& [file, node] : folder.now) {
      node->synced = node->now;
      node->writes.clear();
    }
  }
  return {};
}

Result<queue::Room> ForgetfulDisk::room(const Path&) {
  const std::lock_guard lock(state_->mutex);
  if (auto s = state_->may_read(); !s) return s.error();
  return state_->room;
}

}  // namespace mxpress::test
