// Keys of records, and their hashes.
#include "mta/history/key.h"

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

std::uint64_t hash_of(proto::HashKey secret, Key::Kind kind, std::string_view text, std::int64_t owner) {
  std::string octets = octets_of(static_cast<std::uint64_t>(owner));
  octets += static_cast<char>(kind);
  octets += kind == Key::Kind::id ? std::string(text) : proto::lower_case(text);
  return proto::sip_hash(secret, octets) >> 24;
}

}  // namespace mxpress::mta::history
