// Lines of owners.
#include "mta/intake/drop_lines.h"

#include <utility>

namespace mxpress::mta::intake {

bool DropLines::add(File file) {
  const auto known = lines_.find(file.owner);
  if (known != lines_.end()) {
    if (known->second.contains(file.name)) return true;
    if (known->second.size() >= kOfOneOwner || size_ >= kMost) return false;
  }
  insert(std::move(file));
  return true;
}

void DropLines::insert(File file) { size_ += lines_[file.owner].try_emplace(std::move(file.name), file.octets).second; }

void DropLines::put_back(File file) {
  latest_ = file.owner - 1;  // for uid 0: the largest
  insert(std::move(file));
}

std::optional<DropLines::File> DropLines::next(const std::function<bool(uid_t)>& may) {
  auto turn = lines_.upper_bound(latest_);
  for (std::size_t left = lines_.size(); left > 0; --left, ++turn) {
    if (turn == lines_.end()) turn = lines_.begin();
    if (may(turn->first)) return take_first(turn);
  }
  return std::nullopt;
}

DropLines::File DropLines::take_first(Lines::iterator turn) {
  auto first = turn->second.extract(turn->second.begin());
  latest_ = turn->first;
  File file{latest_, std::move(first.key()), first.mapped()};
  if (turn->second.empty()) lines_.erase(turn);
  --size_;
  return file;
}

void DropLines::forget(uid_t owner) {
  const auto line = lines_.find(owner);
  if (line == lines_.end()) return;
  size_ -= line->second.size();
  lines_.erase(line);
}

}  // namespace mxpress::mta::intake
