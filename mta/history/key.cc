// Keys of records, and their hashes.
#include "mta/history/key.h"

#include <algorithm>
#include <array>

#include "proto/ascii.h"

namespace mxpress::mta::history {
namespace {

std::string octets_of(std::uint64_t value) {
  std::string octets(8, '\0');
  for (int i = 0; i < 8; ++i) octets[static_cast<std::size_t>(i)] = static_cast<char>(value >> (8 * i));
  return octets;
}

bool is_equal(Key::Kind kind, std::string_view a, std::string_view b) {
  return kind == Key::Kind::id ? a == b : proto::equal_in_any_case(a, b);
}

}  // namespace

Key Key::of(proto::QueueId id, std::int64_t owner) { return {Kind::id, octets_of(id.value), owner}; }

void for_each_key(const RecordView& record, const std::function<void(Key::Kind, std::string_view, std::int64_t)>& use) {
  const std::string id = octets_of(record.message.value);
  use(Key::Kind::id, id, kAnybody);
  if (record.kind == RecordKind::dialogue && record.uid >= 0) use(Key::Kind::id, id, record.uid);
  if (record.kind == RecordKind::notice) use(Key::Kind::id, octets_of(record.notice.value), kAnybody);
  if (record.kind != RecordKind::accepted) return;
  const auto use_for_both = [&](Key::Kind kind, std::string_view text) {
    use(kind, text, kAnybody);
    if (record.uid >= 0) use(kind, text, record.uid);
  };
  for (const RecipientView& one : record.recipients) {
    use_for_both(Key::Kind::address, one.recipient);
    if (!one.original.empty()) use_for_both(Key::Kind::address, one.original);
  }
  if (record.continues) return;
  if (!record.sender.empty()) use_for_both(Key::Kind::address, record.sender);
  if (!record.message_id.empty()) use_for_both(Key::Kind::message_id, record.message_id);
  if (record.uid < 0) return;
  use(Key::Kind::id, id, record.uid);
  use(Key::Kind::mail_of_owner, {}, record.uid);
}

bool Key::is_in(const RecordView& record) const {
  bool found = false;
  for_each_key(record, [&](Kind of, std::string_view other, std::int64_t uid) {
    found = found || (of == kind && uid == owner && is_equal(of, other, text));
  });
  return found;
}

std::uint64_t hash_of(proto::HashKey secret, Key::Kind kind, std::string_view text) {
  std::array<char, 512> octets;  // the rest of a longer text does not count
  const std::size_t size = std::min(text.size(), octets.size() - 1);
  octets[0] = static_cast<char>(kind);
  for (std::size_t i = 0; i < size; ++i) octets[i + 1] = kind == Key::Kind::id ? text[i] : proto::to_lower(text[i]);
  return proto::sip_hash(secret, {octets.data(), size + 1});
}

// `hash` is secret: mixing is enough. The constants are those of splitmix64.
std::uint64_t hash_for(std::uint64_t hash, std::int64_t owner) {
  std::uint64_t mixed = hash + static_cast<std::uint64_t>(owner) * 0x9E3779B97F4A7C15u;
  mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
  mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
  return (mixed ^ (mixed >> 31)) >> 24;
}

}  // namespace mxpress::mta::history
