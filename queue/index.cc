// The index of the spool, in memory.
#include "queue/index.h"

#include <algorithm>

#include "queue/message.h"

namespace mxpress::queue {
namespace {

constexpr std::uint64_t kLarge = 16 * 1024;  // octets in memory; ended messages of this size are dropped before smaller ones
constexpr std::uint64_t kBlock = 16;         // what malloc adds
constexpr std::uint64_t kEnded = 256;        // octets kept for an ended message beside the message

std::uint64_t octets_of(const std::string& text) { return text.capacity() < sizeof(std::string) ? 0 : text.capacity() + kBlock; }

std::uint64_t octets_of(const proto::HostResult& result) {
  return octets_of(result.host) + octets_of(result.address) + octets_of(result.tls) + octets_of(result.text);
}

// Approximate memory of an ended message, in octets.
std::uint64_t octets_of(const Message& message) {
  const proto::Submitter& from = message.envelope.submitter;
  std::uint64_t octets = kEnded + sizeof message + octets_of(message.envelope.reverse_path.to_string()) + octets_of(from.entrance) +
                         octets_of(from.program) + octets_of(from.unit) + octets_of(from.client_address) + octets_of(from.client_name);
  for (const proto::Recipient& recipient : message.envelope.recipients)
    octets += sizeof recipient + octets_of(recipient.mailbox.to_string()) + octets_of(recipient.original_recipient);
  for (const RecipientState& state : message.recipients) octets += sizeof state + (state.last ? octets_of(*state.last) : 0);
  for (const Attempt& attempt : message.attempts) {
    octets += sizeof attempt + attempt.recipients.capacity() * sizeof(std::uint32_t) + 2 * kBlock;
    for (const proto::HostAttempt& host : attempt.hosts) octets += sizeof host + octets_of(host.result);
  }
  return octets;
}

}  // namespace

Entry& Index::add(QueueId id, const MessageOwner& owner, std::size_t recipients, const Weight& weight) {
  const std::size_t before = entries.size();
  Entry& entry = entries[id];
  if (entries.size() == before) {  // it existed already
    if (!entry.ended) end_waiting(entry);
    owners.remove(accounts.owner(entry.account()), id);
    accounts.remove(entry.account());
  }
  entry.set_account(accounts.add(owners.add(owner, id), weight));
  entry.begin(recipients, weight.message);
  if (!entry.ended) begin_waiting(entry);
  return entry;
}

void Index::begin_waiting(const Entry& entry) {
  const Accounts::Number account = entry.account();
  waiting_mail.add(owners.share(accounts.owner(account)), std::uint64_t{entry.weight()} + accounts.begin_waiting(account));
}

void Index::end_waiting(const Entry& entry) {
  const Accounts::Number account = entry.account();
  waiting_mail.remove(owners.share(accounts.owner(account)), std::uint64_t{entry.weight()} + accounts.end_waiting(account));
}

// Usually there is room for its destination as well; then the lookup of the destination is not needed.
bool Index::has_room_for(const MessageOwner& owner, const Weight& weight) const {
  if (waiting_mail.fits(owner.share(), std::uint64_t{weight.message} + weight.destination)) return true;
  const Owners::Number number = owners.known(owner);
  const bool is_new = number == 0 && (owner.is_user() || owner.share().is_known());
  return !is_new && waiting_mail.fits(owner.share(), std::uint64_t{weight.message} + accounts.charge_for(number, weight));
}

Entry& Index::add(QueueId id, const proto::Envelope& envelope) {
  return add(id, MessageOwner(envelope.submitter), envelope.recipients.size(), weight_of(envelope));
}

void Index::erase(QueueId id) {
  const Entry* entry = entries.find(id);
  if (!entry) return;
  if (entry->ended)
    ended.remove(id, owner_of(*entry));
  else
    end_waiting(*entry);
  erase(id, *entry);
}

void Index::erase(QueueId id, const Entry& entry) {
  if (entry.has_more_ && entry.word_.more->rest) remembered_octets_ -= entry.word_.more->rest->remembered_octets;
  owners.remove(owner_of(entry), id);
  accounts.remove(entry.account());
  entries.erase(id);
}

// The numbers of earlier owners and accounts stay; this run has far fewer messages, so its messages are renumbered.
void Index::merge(Index& earlier) {
  earlier.waiting_mail.set_limit(waiting_mail.limit());
  entries.for_each([&](QueueId id, Entry& entry) {
    const Accounts::Number account = entry.account();
    entry.set_account(earlier.accounts.add(earlier.owners.add(owners.owner(accounts.owner(account)), id), accounts.weight(account)));
    if (!entry.ended) earlier.begin_waiting(entry);
  });
  waiting_mail = std::move(earlier.waiting_mail);
  owners = std::move(earlier.owners);
  accounts = std::move(earlier.accounts);
  entries.merge(std::move(earlier.entries));
  std::vector<QueueId> all_ended = earlier.ended.ids();
  const std::vector<QueueId> of_this_run = ended.ids();
  all_ended.insert(all_ended.end(), of_this_run.begin(), of_this_run.end());
  ended = {};
  for (const QueueId id : all_ended) ended.add(id, owner_of(*entries.find(id)));
}

proto::ShareOwner Index::share_owner_of(QueueId id) const {
  const Entry* entry = entries.find(id);
  return entry ? owners.share(accounts.owner(entry->account())) : proto::ShareOwner();
}

std::vector<QueueId> Index::ids_of(std::int64_t uid) const {
  std::vector<QueueId> ids = owners.ids(uid);
  std::erase_if(ids, [this](QueueId id) {
    const Entry* entry = entries.find(id);
    return !entry || entry->ended;
  });
  std::sort(ids.begin(), ids.end());
  return ids;
}

std::vector<QueueId> Index::ended_of(std::int64_t uid) const {
  std::vector<std::pair<WallTime, QueueId>> found;
  for (const QueueId id : owners.ids(uid))
    if (const Entry* entry = entries.find(id); entry && entry->ended) found.emplace_back(entry->ended_at(), id);
  std::sort(found.rbegin(), found.rend());
  std::vector<QueueId> ids;
  for (const auto& [when, id] : found) ids.push_back(id);
  return ids;
}

void Index::remember(QueueId id, Entry& entry, std::shared_ptr<const Message> message, std::uint64_t most) {
  Entry::Rest& rest = entry.rest();
  remembered_octets_ -= rest.remembered_octets;
  const bool is_new = !rest.remembered;
  rest.remembered_octets = octets_of(*message);
  remembered_octets_ += rest.remembered_octets;
  rest.remembered = std::move(message);
  if (is_new) (rest.remembered_octets > kLarge ? remembered_large_ : remembered_small_).push_back(id);
  while (remembered_octets_ > most && (forget_oldest(remembered_large_) || forget_oldest(remembered_small_))) {
  }
}

// Returns false if there is none.
bool Index::forget_oldest(std::deque<QueueId>& remembered) {
  for (; !remembered.empty(); remembered.pop_front()) {
    const Entry* entry = entries.find(remembered.front());
    if (!entry || !entry->remembered()) continue;  // forgotten since
    erase(remembered.front());
    remembered.pop_front();
    return true;
  }
  return false;
}

void Index::add_later(QueueId id, Entry& entry, Location location) {
  entry.history().later.push_back(location);
  segments[location.segment].touched.add(id);
}

void Index::end(QueueId id, Entry& entry, WallTime when) {
  if (!entry.ended) end_waiting(entry);
  entry.ended = true;
  entry.rest().ended_at = when;
  ended.add(id, owner_of(entry));
}

void Index::forget(std::size_t kept) {
  const auto owner = [this](QueueId id) { return owner_of(*entries.find(id)); };
  while (ended.size() > kept) {
    const QueueId id = ended.take_next(owner);
    erase(id, *entries.find(id));
  }
  if (drops.size() > 2 * entries.size() + 1000) std::erase_if(drops, [this](const auto& drop) { return !entries.contains(drop.second); });
}

std::uint64_t Index::journal_octets() const {
  std::uint64_t octets = 0;
  for (const auto& [number, segment] : segments) octets += segment.size;
  return octets;
}

std::uint32_t Index::oldest_segment() const {
  const auto oldest = std::min_element(segments.begin(), segments.end(), [](const auto& a, const auto& b) {
    return std::pair(a.second.number, a.first) < std::pair(b.second.number, b.first);
  });
  return oldest == segments.end() ? 0 : oldest->first;
}

}  // namespace mxpress::queue
