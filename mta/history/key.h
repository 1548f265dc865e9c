// Keys by which records are found.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "mta/history/record.h"
#include "proto/text_hash.h"

namespace mxpress::mta::history {

inline constexpr std::int64_t kAnybody = -1;

struct Key {
  enum class Kind : char { id = 'i', address = 'a', message_id = 'm', mail_of_owner = 'o' };
  Kind kind = Kind::id;
  std::string text;               // in any case; id: 8 octets; mail_of_owner: empty
  std::int64_t owner = kAnybody;  // else only mail of this uid: a search finds nothing of others, and does no work for it

  static Key of(proto::QueueId id, std::int64_t owner = kAnybody);
  // True if the record has this key.
  bool is_in(const RecordView& record) const;
};

// Calls `use` for each key of the record. Mail of a user has its keys twice: for operators, and for him.
void for_each_key(const RecordView& record, const std::function<void(Key::Kind kind, std::string_view text, std::int64_t owner)>& use);

// Hashes for the index. `secret` is the segment's, so that nobody can choose addresses with equal hashes.
std::uint64_t hash_of(proto::HashKey secret, Key::Kind kind, std::string_view text);
// The same for a key of this owner; 40 bits.
std::uint64_t hash_for(std::uint64_t hash, std::int64_t owner);

}  // namespace mxpress::mta::history
