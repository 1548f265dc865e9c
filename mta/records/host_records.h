// The DNS records that mail of this host needs, and those now in the DNS.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "mta/dkim/key.h"

namespace mxpress::mta::records {

// The names and addresses in mail of this host.
struct HostMail {
  proto::Domain domain;  // signing domain, also of senders
  struct SigningKey {
    proto::Domain domain;  // `domain`, or a parent of it
    std::string selector;
    dkim::PublicKey key;
  };
  std::vector<SigningKey> keys;
  std::string hostname;                 // as in EHLO
  std::vector<dns::Address> addresses;  // that mail leaves from; empty: those of hostname
  std::string next_hop;                 // provider's host that all mail goes to. Empty: directly to the recipients' hosts
  std::string next_hop_spf;             // domain whose SPF record that provider asks to include; empty: unknown
};

enum class RecordState {
  right,
  different,
  absent,
  unknown,   // the DNS could not be asked
  elsewhere  // its value is not known here: `notes` says who knows it
};
std::string_view to_string(RecordState state);

enum class RecordKind { dkim_key, spf, dmarc, address, ptr };

struct HostRecord {
  std::string title;  // "DKIM key rsa1", "SPF", "PTR of 192.0.2.1"
  std::string name;   // absolute, without the last dot
  std::string type;
  std::string value;  // in zone-file form; empty: nothing to publish
  RecordState state = RecordState::unknown;
  std::vector<std::string> found;  // records in the DNS, in zone-file form
  std::vector<std::string> notes;  // for people, a sentence each
  RecordKind kind = RecordKind::dkim_key;
  std::optional<dns::Address> subject{};  // of an address or a PTR record; not set: no address is known
};

// Checks each record. Each question is asked once. `mail` by value: a coroutine keeps it.
Task<std::vector<HostRecord>> check_host_records(HostMail mail, dns::Resolver& resolver);

}  // namespace mxpress::mta::records
