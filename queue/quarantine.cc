// Moves and copies damaged data to corrupt/.
#include "queue/quarantine.h"

#include <algorithm>

#include "queue/segment_hold.h"
#include "queue/spool_context.h"

namespace mxpress::queue {
namespace {

constexpr std::size_t kPiece = 64 * 1024;  // octets
constexpr int kMaxNames = 10'000;          // for one file name

Path place(const Paths& paths, const std::string& name, int number) {
  return paths.corrupt() / (number == 1 ? name : name + "." + std::to_string(number));
}

// The next octets, with zeros for unreadable ones; empty at the end of the file.
std::string read_piece(const File& from, std::uint64_t at, std::uint64_t end) {
  std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - at)), '\0');
  const auto n = from.read_at(at, piece.data(), piece.size());
  if (n) piece.resize(*n);
  return piece;
}

bool holds(const File& file, const File& from, std::uint64_t begin, std::uint64_t end) {
  const auto size = file.size();
  const auto from_size = from.size();
  if (!size || !from_size || *size != std::min(end, std::max(*from_size, begin)) - begin) return false;
  for (std::uint64_t at = begin; at < begin + *size;) {
    const auto piece = read_piece(from, at, begin + *size);
    if (piece.empty() || piece != read_piece(file, at - begin, at - begin + piece.size())) return false;
    at += piece.size();
  }
  return true;
}

Status copy(File& to, const File& from, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t at = begin; at < end;) {
    const auto piece = read_piece(from, at, end);
    if (piece.empty()) break;
    if (auto s = to.write_at(at - begin, {piece}); !s) return s;
    at += piece.size();
  }
  return to.sync();
}

}  // namespace

Result<Path> move_to_corrupt(Disk& disk, const Paths& paths, const Path& what, const std::string& name) {
  for (int number = 1; number < kMaxNames; ++number) {
    const auto to = place(paths, name, number);
    const auto there = disk.exists(to);
    if (!there) return there.error();
    if (*there) continue;
    if (auto s = disk.rename(what, to); !s) return s.error();
    if (auto s = disk.sync_folder(paths.corrupt()); !s) return s.error();
    if (auto s = disk.sync_folder(what.parent_path()); !s) return s.error();
    return to;
  }
  return Error::transient("there is no room for another " + name + " in " + paths.corrupt().string());
}

Status copy_to_corrupt(Disk& disk, const Paths& paths, const std::string& name, const File& from, std::uint64_t begin, std::uint64_t end) {
  for (int number = 1; number < kMaxNames; ++number) {
    const auto to = place(paths, name, number);
    const auto there = disk.exists(to);
    if (!there) return there.error();
    if (*there) {
      const auto known = disk.open(to, Open::read);
      if (known && holds(**known, from, begin, end)) return {};
      continue;
    }
    auto file = disk.open(to, Open::create);
    if (!file) return file.error();
    if (auto s = copy(**file, from, begin, end); !s) return s;
    return disk.sync_folder(paths.corrupt());
  }
  return Error::transient("there is no room for another " + name + " in " + paths.corrupt().string());
}

void Quarantine::keep(const std::string& name, const File& file, std::uint64_t begin, std::uint64_t end) {
  const auto kept = copy_to_corrupt(context_.disk, context_.paths, name + "-" + std::to_string(begin), file, begin, end);
  if (kept) return;
  context_.report("damage cannot be kept, so no segment of the journal is removed in this run: " + kept.error().message);
  hold_.set();
}

}  // namespace mxpress::queue
