// Files with their synced content and the later writes; folders with their synced names and the later changes.
#include "tests/support/disk_image.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace mxpress::test {
namespace {

constexpr std::size_t kSector = 512;

void do_write(std::string& content, const Node::Write& write, std::size_t octets = std::string::npos) {
  if (write.size) return content.resize(*write.size, '\0');
  octets = std::min(octets, write.bytes.size());
  if (content.size() < write.offset + octets) content.resize(write.offset + octets, '\0');
  content.replace(write.offset, octets, write.bytes, 0, octets);
}

void do_sectors(std::string& content, const Node::Write& write, std::mt19937_64& random) {
  if (write.size) return random() % 2 ? do_write(content, write) : void();
  for (std::size_t at = 0; at < write.bytes.size();) {
    const auto end = std::min(write.bytes.size(), at + kSector - (write.offset + at) % kSector);
    if (random() % 2) do_write(content, {write.offset + at, write.bytes.substr(at, end - at), {}});
    at = end;
  }
}

// The same number for both ends of a rename, independent of all other changes.
std::uint64_t mix(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t x = seed * 0x9E3779B97F4A7C15u + number * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 31)) * 0x94D049BB133111EBu;
  return x ^ (x >> 29);
}

bool is_lucky(std::uint64_t seed, std::uint64_t number) {
  const std::uint64_t share = 1 + seed % 7;  // of 8: some cuts keep nearly all names, some nearly none
  return mix(seed, number) % 8 < share;
}

}  // namespace

void Node::write(Write write) {
  do_write(now, write);
  writes.push_back(std::move(write));
}

void Node::sync() {
  for (const auto& write : writes) do_write(synced, write);
  writes.clear();
}

void Node::fail_sync(std::mt19937_64& random) {
  for (const auto& write : writes) do_sectors(synced, write, random);
  writes.clear();
}

void Node::forget(Cut cut, std::mt19937_64& random) {
  if (cut == Cut::all || cut == Cut::data) {
    synced = now;
  } else if (cut == Cut::prefix && !writes.empty()) {
    const auto whole = random() % writes.size();
    for (std::size_t i = 0; i < whole; ++i) do_write(synced, writes[i]);
    do_write(synced, writes[whole], random() % (writes[whole].bytes.size() + 1));
  } else if (cut == Cut::subset) {
    for (const auto& write : writes) do_sectors(synced, write, random);
  }
  now = synced;
  writes.clear();
  exclusive = shared = 0;
}

DiskImage& DiskImage::operator=(const DiskImage& other) {
  std::unordered_map<const Node*, NodePtr> copies;
  const auto copy = [&](NodePtr& node) {
    if (!node) return;
    auto& mine = copies[node.get()];
    if (!mine) mine = std::make_shared<Node>(*node);
    node = mine;
  };
  folders_ = other.folders_;
  changes_ = other.changes_;
  for (auto& [path, folder] : folders_) {
    for (auto& [name, node] : folder.now) copy(node);
    for (auto& [name, node] : folder.synced) copy(node);
    for (auto& change : folder.changes) copy(change.node);
  }
  return *this;
}

Folder* DiskImage::folder(const queue::Path& path) {
  const auto found = folders_.find(path.string());
  return found == folders_.end() ? nullptr : &found->second;
}

std::vector<std::string> DiskImage::folders_in(const queue::Path& path) const {
  const auto prefix = path == "/" ? std::string("/") : path.string() + "/";
  std::vector<std::string> out;
  for (auto item = folders_.upper_bound(prefix); item != folders_.end() && item->first.starts_with(prefix); ++item)
    if (item->first.find('/', prefix.size()) == std::string::npos) out.push_back(item->first.substr(prefix.size()));
  return out;
}

NodePtr DiskImage::find(const queue::Path& path) {
  auto* in = folder(path.parent_path());
  if (!in) return nullptr;
  const auto found = in->now.find(path.filename().string());
  return found == in->now.end() ? nullptr : found->second;
}

void DiskImage::link(const queue::Path& path, NodePtr node) {
  auto& in = *folder(path.parent_path());
  const auto name = path.filename().string();
  in.now[name] = node;
  in.changes.push_back({++changes_, name, std::move(node)});
}

void DiskImage::unlink(const queue::Path& path) {
  auto& in = *folder(path.parent_path());
  in.now.erase(path.filename().string());
  in.changes.push_back({++changes_, path.filename().string(), nullptr});
}

void DiskImage::move(const queue::Path& from, const queue::Path& to) {
  if (from == to) return;
  const auto node = find(from);
  unlink(from);
  link(to, node);
  --changes_;
  auto &taken = folder(from.parent_path())->changes, &given = folder(to.parent_path())->changes;
  given.back().number = changes_;
  if (from.parent_path() == to.parent_path()) return;
  taken.back().other = to;
  given.back().other = from;
}

void DiskImage::make_durable(const Folder::Change& change, Folder& in) {
  if (change.node)
    in.synced[change.name] = change.node;
  else
    in.synced.erase(change.name);
  if (change.node || change.other.empty()) return;
  // The old name is durably removed, so the new one is durable.
  auto& other = *folder(change.other.parent_path());
  const auto name = change.other.filename().string();
  const auto end = std::find_if(other.changes.begin(), other.changes.end(), [&](const auto& c) { return c.number == change.number; });
  if (end == other.changes.end()) return;
  other.synced[name] = end->node;
  std::erase_if(other.changes, [&](const Folder::Change& older) { return older.name == name && older.number <= change.number; });
}

void DiskImage::sync_folder(const queue::Path& path) {
  auto& in = *folder(path);
  std::vector<Folder::Change> lost;
  for (const auto& change : std::exchange(in.changes, {})) {
    if (change.is_lost) {
      lost.push_back(change);
      continue;
    }
    std::erase_if(lost, [&](const Folder::Change& older) { return older.name == change.name; });
    make_durable(change, in);
  }
  in.changes = std::move(lost);
  for (const auto& name : folders_in(path)) folder(path / name)->is_durable = true;
}

void DiskImage::fail_sync_folder(const queue::Path& path) {
  for (auto& change : folder(path)->changes) {
    change.is_lost = true;
    if (change.other.empty()) continue;
    for (auto& end : folder(change.other.parent_path())->changes)
      if (end.number == change.number) end.is_lost = true;
  }
}

void DiskImage::sync_all() {
  find_lost_names();
  for (auto& [path, in] : folders_) {
    sync_folder(path);
    for (auto& [name, node] : in.now) node->sync();
  }
}

void DiskImage::fail_sync_all(std::mt19937_64& random) {
  for (auto& [path, in] : folders_)
    for (auto& [name, node] : in.now) node->fail_sync(random);
}

void DiskImage::cut(Cut cut, std::uint64_t seed) {
  if (cut == Cut::kill) return release_locks();
  forget_folders(cut, seed);
  forget_names(cut, seed);
  forget_writes(cut, seed);
}

void DiskImage::release_locks() {
  for (auto& [path, in] : folders_)
    for (auto& [name, node] : in.now) node->exclusive = node->shared = 0;
}

// Names are in the journal of the file system: a sync of all writes them, or the file system can no longer be written to.
void DiskImage::find_lost_names() {
  for (auto& [path, in] : folders_)
    for (auto& change : in.changes) change.is_lost = false;
}

void DiskImage::forget_folders(Cut cut, std::uint64_t seed) {
  for (auto item = folders_.begin(); item != folders_.end();) {
    auto& [path, in] = *item;
    const bool is_lucky_one = cut == Cut::subset && is_lucky(seed, path.size() + in.now.size());
    if (cut == Cut::all || cut == Cut::names || is_lucky_one) in.is_durable = true;
    const auto parent = queue::Path(path).parent_path();
    const bool is_kept = in.is_durable && (parent.empty() || folder(parent));  // the folder around it comes before it in the map
    item = is_kept ? std::next(item) : folders_.erase(item);
  }
}

void DiskImage::forget_names(Cut cut, std::uint64_t seed) {
  const auto last = mix(seed, 0) % (changes_ + 1);
  std::uint64_t oldest = changes_;
  for (const auto& [path, in] : folders_)
    if (!in.changes.empty()) oldest = std::min(oldest, in.changes.front().number);
  const auto first = oldest + last % (changes_ - oldest + 1);
  const auto is_kept = [&](const Folder::Change& change) {
    if (change.is_lost) return cut == Cut::all;
    if (!change.other.empty() && !folder(change.other.parent_path())) return false;
    if (cut == Cut::prefix) return change.number < first;
    return cut == Cut::all || cut == Cut::names || (cut == Cut::subset && is_lucky(seed, change.number));
  };
  for (auto& [path, in] : folders_) {
    for (const auto& change : std::exchange(in.changes, {})) {
      if (!is_kept(change)) continue;
      if (change.node)
        in.synced[change.name] = change.node;
      else
        in.synced.erase(change.name);
    }
    in.now = in.synced;
  }
}

void DiskImage::forget_writes(Cut cut, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::set<Node*> known;  // a cut can leave two names of one file
  for (auto& [path, in] : folders_)
    for (auto& [name, node] : in.now)
      if (known.insert(node.get()).second) node->forget(cut, random);
}

}  // namespace mxpress::test
