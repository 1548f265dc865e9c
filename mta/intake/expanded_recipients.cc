// The recipients of a message after the expansion of aliases.
#include "mta/intake/expanded_recipients.h"

namespace mxpress::mta::intake {

void ExpandedRecipients::add(std::size_t place, std::vector<proto::Recipient> targets) {
  expanded_.emplace_back(place, std::move(targets));
}

void ExpandedRecipients::put_into(std::vector<proto::Recipient>& recipients) && {
  if (expanded_.empty()) return;
  std::vector<proto::Recipient> all;
  std::size_t place = 0;
  for (auto& [at, targets] : expanded_) {
    for (; place < at; ++place) all.push_back(std::move(recipients[place]));
    for (proto::Recipient& target : targets) all.push_back(std::move(target));
    ++place;
  }
  for (; place < recipients.size(); ++place) all.push_back(std::move(recipients[place]));
  recipients = std::move(all);
}

}  // namespace mxpress::mta::intake
