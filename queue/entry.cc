// The index entry of one message. Most messages have no history and allocate nothing for it.
#include "queue/entry.h"

#include <utility>

namespace mxpress::queue {

Entry& Entry::operator=(Entry&& other) noexcept {
  std::swap(sequence, other.sequence);
  std::swap(first_stage, other.first_stage);
  const bool was_ended = ended, had_more = has_more_;
  ended = other.ended;
  has_more_ = other.has_more_;
  other.ended = was_ended;
  other.has_more_ = had_more;
  const Accounts::Number mine = account();
  set_account(other.account());
  other.set_account(mine);
  std::swap(word_, other.word_);
  return *this;
}

Entry::~Entry() { forget_history(); }

Entry::More& Entry::history() {
  if (has_more_) return *word_.more;
  auto more = std::make_unique<More>();
  more->accepted = word_.accepted;
  word_.more = more.release();
  has_more_ = true;
  return *word_.more;
}

Entry::Rest& Entry::rest() {
  More& more = history();
  if (!more.rest) more.rest = std::make_unique<Rest>();
  return *more.rest;
}

void Entry::forget_history() {
  if (!has_more_) return;
  const std::unique_ptr<More> more(word_.more);
  word_.accepted = more->accepted;
  has_more_ = false;
}

void Entry::begin(std::size_t recipients, std::uint32_t weight) {
  if (recipients > 1) rest().weight = weight;
  stages().begin(recipients);
}

void Entry::moved(std::size_t told) {
  set_accepted({});
  if (!has_more_) return;
  More& more = *word_.more;
  more.is_file_doubtful = false;
  more.later.erase(more.later.begin(), more.later.begin() + static_cast<std::ptrdiff_t>(told));
  if (more.later.empty() && (!more.rest || more.rest->other_stages.octets.empty()) && !ended) forget_history();
}

}  // namespace mxpress::queue
