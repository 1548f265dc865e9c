// The cache of answers: see cache.h.
#include "dns/cache.h"

#include <algorithm>

namespace mxpress::dns {
namespace {

using std::chrono::seconds;

constexpr seconds kMaxTtl = std::chrono::hours(24);
constexpr seconds kMaxNegativeTtl = std::chrono::hours(3);  // RFC 2308 5
constexpr seconds kFailureTtl{5};                           // RFC 2308 7.1 allows 5 minutes; a short time lets recovery be noticed sooner
constexpr std::size_t kOverhead = 256;                      // approximate octets of an entry's nodes

seconds time_to_keep(const Answer& answer) {
  switch (answer.kind) {
    case AnswerKind::found:
      return std::min(answer.ttl, kMaxTtl);
    case AnswerKind::no_data:
    case AnswerKind::no_such_name:
      return std::min(answer.ttl, kMaxNegativeTtl);
    case AnswerKind::failed:
      break;
  }
  return kFailureTtl;
}

std::size_t size_of(const Question& question, const Answer& answer) {
  std::size_t size = kOverhead + sizeof(Answer) + 2 * question.name.size() + answer.canonical_name.size() + answer.text.size();
  for (const MxRecord& mx : answer.mx) size += sizeof mx + mx.host.size();
  for (const std::string& text : answer.texts) size += sizeof text + text.size();
  return size + answer.addresses.size() * sizeof(Address);
}

}  // namespace

std::optional<Answer> Cache::find(const Question& question, BootTime now) {
  const auto found = index_.find(question);
  if (found == index_.end()) return std::nullopt;
  if (found->second->expires <= now) {
    erase(found->second);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  Answer answer = found->second->answer;
  answer.ttl = std::chrono::ceil<seconds>(found->second->expires - now);
  return answer;
}

void Cache::store(const Question& question, const Answer& answer, BootTime now) {
  if (const auto old = index_.find(question); old != index_.end()) erase(old->second);
  const seconds keep = time_to_keep(answer);
  const std::size_t size = size_of(question, answer);
  if (keep <= seconds::zero() || size > limits_.bytes || limits_.entries == 0) return;
  entries_.push_front({question, answer, now + keep, size});
  index_.emplace(question, entries_.begin());
  bytes_ += size;
  while (entries_.size() > limits_.entries || bytes_ > limits_.bytes) erase(std::prev(entries_.end()));
}

void Cache::clear() {
  index_.clear();
  entries_.clear();
  bytes_ = 0;
}

void Cache::erase(Entries::iterator entry) {
  bytes_ -= entry->size;
  index_.erase(entry->question);
  entries_.erase(entry);
}

}  // namespace mxpress::dns
