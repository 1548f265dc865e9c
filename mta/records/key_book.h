// What is known of the records of the keys that sign, and which of them sign for that. Pure: who asks the DNS, and when, is key_watch.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "mta/records/key_status.h"
#include "mta/records/seen_keys.h"
#include "mta/routing/signing_keys.h"

namespace mxpress::mta::records {

class KeyBook {
 public:
  // `seen`: what an earlier run knew; none: no run kept a book, and the keys of tables without `sign` are taken for such as have signed.
  KeyBook(routing::SigningKeys keys, const std::optional<SeenKeys>& seen, WallTime now);

  struct Entry {
    proto::Domain domain;
    std::string selector;
    dkim::PublicKey key;
    std::string id;  // key_id()
    bool is_next = false;
    std::optional<SignWhen> sign{};
    std::optional<WallTime> seen{};
    std::string why{};     // as KeyStatus has it
    int bad = 0;           // answers in a row that denied the record
    bool is_lost = false;  // and so often that it counts
    bool is_told = false;  // that it waits
    int tries = 0;         // since the last change
  };
  const std::vector<Entry>& entries() const { return entries_; }

  enum class Change { none, signs, waits, lost, back };
  // Enters what the DNS said about a key. Failures of the DNS change nothing. Lost: denied three times in a row.
  Change enter(std::size_t entry, const dns::Answer& answer, WallTime now);
  // How long to wait before this key is asked for again: seconds while it waits, an hour once it signs.
  Duration pause(std::size_t entry) const;

  // The keys that sign.
  dkim::KeyRing ring() const;
  // To keep.
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
