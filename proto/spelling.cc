// Compares names letter by letter.
#include "proto/spelling.h"

#include <algorithm>
#include <vector>

namespace mxpress::proto {
namespace {

constexpr std::size_t kCompared = 64;

// The distance that is too far: names of three or four letters may differ in one letter, longer ones in two, shorter ones in none.
std::size_t too_far(std::size_t letters) { return letters < 3 ? 0 : letters < 5 ? 2 : 3; }

}  // namespace

std::size_t spelling_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

NearMiss::NearMiss(std::string_view name) : name_(name.substr(0, kCompared)), least_(too_far(name_.size())) {}

void NearMiss::offer(std::string_view candidate) {
  const std::size_t longer = std::max(candidate.size(), name_.size()), shorter = std::min(candidate.size(), name_.size());
  if (longer - shorter >= least_) return;
  const std::size_t differs = spelling_distance(name_, candidate);
  if (differs >= least_) return;
  least_ = differs;
  nearest_ = candidate;
}

}  // namespace mxpress::proto
