// The known state of signing keys' records, and which keys sign therefore. Pure: key_watch.h queries the DNS.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mta/records/key_status.h"
#include "mta/records/seen_keys.h"
#include "mta/routing/signing_keys.h"

namespace mxpress::dns {
struct Answer;
}

namespace mxpress::mta::records {

class KeyBook {
 public:
  // `seen`: known from an earlier run; nullopt: no run recorded it, so keys of tables without `sign` are taken for keys that have signed.
  KeyBook(routing::SigningKeys keys, const std::optional<SeenKeys>& seen, WallTime now);

  struct Entry {
    proto::Domain domain;
    std::string selector;
    dkim::PublicKey key;
    std::string id;  // key_id()
    bool is_next = false;
    std::optional<SignWhen> sign{};
    std::optional<WallTime> seen{};
    std::string why{};     // see KeyStatus
    int bad = 0;           // answers in a row without a matching record
    bool is_lost = false;  // this happened often enough to count
    bool is_told = false;  // its waiting was reported
    int tries = 0;         // since the last change, or since go_on_from()
  };
  const std::vector<Entry>& entries() const { return entries_; }
  // Takes over the state of keys that an earlier book of this run has, too: what was reported is not reported again.
  void go_on_from(const KeyBook& earlier);

  enum class Change { none, signs, waits, lost, back };
  // Records the DNS's answer about a key. Failures of the DNS change nothing. Lost: denied three times in a row.
  Change enter(std::size_t entry, const dns::Answer& answer, WallTime now);
  // The time until this key is queried again: seconds while it waits, an hour once it signs.
  Duration pause(std::size_t entry) const;

  // The keys that sign.
  dkim::KeyRing ring() const;
  // To be stored.
  SeenKeys seen() const;
  std::vector<KeyStatus> status() const;

 private:
  static Change enter_match(Entry& entry, WallTime now);
  bool may_sign(const proto::Domain& domain, const dkim::SigningKey& key) const;
  KeyState state_of(const Entry& entry) const;

  routing::SigningKeys keys_;
  std::vector<Entry> entries_;
};

}  // namespace mxpress::mta::records
