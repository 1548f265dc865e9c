// DNS lookups: questions, answers, and the interface that delivery uses. Stub, simulated and later resolvers implement it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dns/address.h"
#include "dns/async.h"
#include "proto/domain.h"
#include "proto/share_owner.h"

namespace mxpress::dns {

enum class RecordType : std::uint16_t { a = 1, ns = 2, cname = 5, soa = 6, ptr = 12, mx = 15, txt = 16, aaaa = 28, ds = 43, tlsa = 52 };

struct Question {
  std::string name;  // absolute, lower case, no trailing dot, empty for the root; search lists and /etc/hosts are never used
  RecordType type = RecordType::a;
  auto operator<=>(const Question&) const = default;
};

struct MxRecord {
  std::uint16_t preference = 0;
  std::string host;  // lower case, no trailing dot; empty for the null MX "."
};

enum class AnswerKind {
  found,         // at least one record of the requested type
  no_data,       // the name exists, but not with this type
  no_such_name,  // NXDOMAIN, from a resolver that has lately answered something positive
  failed,        // time-out, SERVFAIL, REFUSED, malformed, CNAME loop: never treat it as "no such host"
};

struct Answer {
  AnswerKind kind = AnswerKind::failed;
  std::vector<MxRecord> mx;  // records, if the type is MX
  std::vector<Address> addresses;
  std::vector<std::string> texts;  // other types: raw data (TXT joined, PTR and CNAME target, TLSA bytes)
  std::string canonical_name;      // the end of the CNAME chain; the question's name without any
  std::chrono::seconds ttl{0};     // lowest of the chain, or negative TTL (RFC 2308); 0 is not cached
  bool authenticated = false;      // AD of a server that is_ad_trusted(), or validated here
  std::string server;              // the server that answered: "127.0.0.1:53"
  bool is_refused = false;         // failed, and a name server has said REFUSED: it may only be full
  std::string text;                // for people: "SERVFAIL from 127.0.0.1:53", "no answer from 192.0.2.53:53 within 5 s"
};

// Thread: that of the coroutine's executor; one resolver per worker.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // Reports failure only by an Answer of kind failed; always within the resolver's own deadline. Follows CNAMEs (RFC 1034 3.6.2).
  virtual Task<Answer> resolve(Question question) = 0;
  // The same for DANE, where `authenticated` matters: it holds as far as this host can know it, and what is bogus has failed. May ask more.
  // Validation may be costly: `owner` is whose mail needs the answer, and uses his shares.
  virtual Task<Answer> resolve_validated(Question question, proto::ShareOwner owner) {
    static_cast<void>(owner);
    return resolve(std::move(question));
  }
};

}  // namespace mxpress::dns
