// The DNS records that mail of this host needs, and what the DNS has of them at present.
#pragma once

#include <string>
#include <vector>

#include "dns/resolver.h"
#include "mta/dkim/key.h"

namespace mxpress::mta::records {

// What mail of this host says of itself.
struct HostMail {
  proto::Domain domain;  // that signs, and that senders have
  struct SigningKey {
    proto::Domain domain;  // `domain`, or one above it
    std::string selector;
    dkim::PublicKey key;
  };
  std::vector<SigningKey> keys;
  std::string hostname;                 // as EHLO says it
  std::vector<dns::Address> addresses;  // that mail leaves from; empty: those of hostname
  std::string next_hop;                 // all mail goes there: a provider's host. Empty: straight to the recipients' hosts
  std::string next_hop_spf;             // whose SPF record that provider wants to be included; empty: not known
};

enum class RecordState {
  right,
  different,
  absent,
  unknown,   // the DNS could not be asked
  elsewhere  // what it has to be is not known here: `notes` says who knows
};
std::string_view to_string(RecordState state);

struct HostRecord {
  std::string title;  // "DKIM key rsa1", "SPF", "PTR of 192.0.2.1"
  std::string name;   // absolute, without the last dot
  std::string type;
  std::string value;  // as it stands in a zone file; empty: nothing to publish
  RecordState state = RecordState::unknown;
  std::vector<std::string> found;  // what the DNS has, as in a zone file
  std::vector<std::string> notes;  // for people, a sentence each
};

// Asks for each. Each question is asked once. `mail` by value: a coroutine keeps it.
Task<std::vector<HostRecord>> check_host_records(HostMail mail, dns::Resolver& resolver);

// "10.2.0.192.in-addr.arpa"; nibbles below ip6.arpa.
std::string reverse_name(const dns::Address& address);

}  // namespace mxpress::mta::records
