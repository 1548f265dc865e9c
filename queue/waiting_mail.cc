// Counts the memory of waiting mail.
#include "queue/waiting_mail.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "proto/text_hash.h"
#include "queue/crc32c.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kLeastPart = 4096;
constexpr std::uint64_t kRecipient = 8;  // octets of each further recipient at the same destination

}  // namespace

NameHash hash_of_name(std::string_view name) {
  const std::uint64_t hash = proto::TextHash()(name);
  return {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32), crc32c(name)};
}

Weight weight_of(const proto::Envelope& envelope) {
  if (envelope.recipients.empty()) return {kSmallMessage, 0, {}};
  const auto name_of = [](const proto::Recipient& recipient) -> std::string_view { return recipient.mailbox.domain().text(); };
  const std::string_view first = name_of(envelope.recipients.front());
  Weight weight{kSmallMessage, octets_of_destination(first.size()), hash_of_name(first)};
  if (envelope.recipients.size() == 1) return weight;
  std::uint64_t octets = kSmallMessage;
  boost::unordered_flat_set<std::string_view, proto::TextHash> names;
  for (const auto& recipient : envelope.recipients) {
    octets += kRecipient;
    if (names.insert(name_of(recipient)).second && names.size() > 1) octets += octets_of_destination(name_of(recipient).size());
  }
  weight.message = static_cast<std::uint32_t>(std::min<std::uint64_t>(octets, std::numeric_limits<std::uint32_t>::max()));
  return weight;
}

bool WaitingMail::fits(const proto::ShareOwner& owner, std::uint64_t octets) const {
  if (fits_within(limit_, owner, octets)) return true;
  const std::uint64_t beyond = std::min(limit_ / 16, std::numeric_limits<std::uint64_t>::max() - limit_);
  return octets_of(owner) + octets <= limit_ / kLeastPart && octets_ + octets <= limit_ + beyond;
}

bool WaitingMail::fits_notice(const proto::ShareOwner& owner) const {
  const std::uint64_t more = std::min(limit_ / 4, std::numeric_limits<std::uint64_t>::max() - limit_);
  return fits_within(limit_ + more, owner, kSmallMessage + kMostForDestination);
}

bool WaitingMail::fits_within(std::uint64_t limit, const proto::ShareOwner& owner, std::uint64_t octets) const {
  const std::uint64_t free = limit - std::min(limit, octets_);
  return octets <= free && octets_of(owner) + octets <= free - octets;
}

void WaitingMail::add(const proto::ShareOwner& owner, std::uint64_t octets) {
  if (octets == 0) return;
  octets_ += octets;
  of_owner_[owner] += octets;
}

void WaitingMail::remove(const proto::ShareOwner& owner, std::uint64_t octets) {
  if (octets == 0) return;
  const auto known = of_owner_.find(owner);
  assert(known != of_owner_.end() && known->second >= octets);
  octets_ -= octets;
  known->second -= octets;
  if (known->second == 0) of_owner_.erase(known);
}

std::uint64_t WaitingMail::octets_of(const proto::ShareOwner& owner) const {
  const auto known = of_owner_.find(owner);
  return known == of_owner_.end() ? 0 : known->second;
}

}  // namespace mxpress::queue
