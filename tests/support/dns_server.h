// A small DNS server for tests and the practice internet: a table of records over UDP and TCP, with many faults. It has its own
// implementation of the wire format, as an independent check of ours.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/async.h"
#include "dns/resolver.h"

namespace mxpress::testing {

enum class DnsFault {
  none,
  drop,             // no answer at all
  servfail,         // rcode 2
  refused,          // rcode 5
  not_implemented,  // rcode 4
  wrong_id,         // a forged answer (address 192.0.2.66) with another id, then the right one
  wrong_question,   // a forged answer to another question, then the right one
  garbage,          // right id, then noise
  truncated,        // TC over UDP; the whole answer over TCP
  slow,             // after `delay`
  no_edns,          // FORMERR to a query with EDNS
  lame,             // NOERROR, nothing in it, no recursion: a referral to nowhere
  nxdomain,         // denies every name, without a SOA
  no_data,          // knows no record at all, without a SOA
  compact_denial,   // RFC 9824: NODATA with SOA where it would be NXDOMAIN
  reset_tcp,        // truncated, and TCP closes without an answer
  unrelated,        // answers with records of another name (192.0.2.66) in front of the right ones
};

// Thread: the one that runs `executor`. May be destroyed at any time; its coroutines end then.
class DnsServer {
 public:
  struct Seen {
    dns::Question question;
    bool tcp = false;
    bool edns = false;
  };

  // Binds UDP and TCP to the same port; port 0 finds a free one. Throws boost::system::system_error if the port is taken.
  DnsServer(Executor executor, const std::string& address = "127.0.0.1", std::uint16_t port = 0);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  std::uint16_t port() const;

  // Makes a zone with its SOA: names in it that have no record are answered NXDOMAIN, names in no zone REFUSED.
  // The root zone "" makes the server omniscient, as a recursive resolver is.
  DnsServer& zone(const std::string& apex, std::uint32_t negative_ttl = 60);
  // add("example.org", "MX", "10 mx.example.org"), "A", "AAAA", "CNAME", "NS", "TXT". Throws std::invalid_argument on nonsense.
  DnsServer& add(const std::string& name, const std::string& type, const std::string& value, std::uint32_t ttl = 300);
  DnsServer& remove(const std::string& name);
  // Reads lines "name [ttl] TYPE value" and "zone name", # starts a comment.
  DnsServer& load(const std::string& text);

  DnsServer& fault(DnsFault fault);                           // for every question
  DnsServer& fault(const std::string& name, DnsFault fault);  // for questions about one name
  void set_recursive(bool recursive);                         // RA; on at first
  void set_authenticated(bool authenticated);                 // AD; off at first
  void set_delay(Duration delay);

  const std::vector<Seen>& seen() const;
  std::size_t seen(const std::string& name, dns::RecordType type) const;

 private:
  struct State;
  static std::shared_ptr<State> listen(Executor executor, const std::string& address, std::uint16_t port);

  std::shared_ptr<State> state_;  // shared with its coroutines
};

}  // namespace mxpress::testing
