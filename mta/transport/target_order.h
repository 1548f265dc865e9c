// The order in which an attempt tries the mail hosts of its destination. RFC 5321 5.1, 4.5.4.1; RFC 6647
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <vector>

#include "dns/target.h"
#include "queue/instant.h"
#include "queue/message.h"

namespace mxpress::mta::transport {

class FamilyMemory;

using queue::Instant;

// Addresses that failed lately: no connection, or no session up to MAIL. RFC 5321 4.5.4.1 asks for such a list. Thread: one, that of its
// worker. By host name, address and port, so that events under the name of one domain's host do not affect mail for others. Holds at most
// kLimit; the oldest failure is dropped for a new one. Of this run.
class TargetFailures {
 public:
  static constexpr Duration kRemember = std::chrono::minutes(5);
  static constexpr std::size_t kLimit = 10'000;

  void failed(const dns::Target& target, Instant now);
  void answered(const dns::Target& target);
  bool has_failed(const dns::Target& target, Instant now) const;
  bool empty() const { return until_.empty(); }
  std::size_t size() const { return until_.size(); }

 private:
  using Key = std::uint64_t;  // proto::TextHash of host, address and port: nobody can find two with the same one
  struct Entry {
    Key key;
    Instant until;  // if it differs from that in until_, it failed again, or has answered
  };
  static Key key_of(const dns::Target& target);
  void drop_first();

  std::deque<Entry> entries_;  // in the order in which they failed; at most twice kLimit
  boost::unordered_flat_map<Key, Instant> until_;
};

struct Attempted {
  const queue::Message& message;
  const std::vector<std::uint32_t>& recipients;  // of the attempt
};

// What is remembered about hosts.
struct KnownHosts {
  const TargetFailures& failures;
  const FamilyMemory& families;
};

// `targets` must be as from find_targets(). Equal preferences are shuffled, and so are the addresses of each family of a host. Then, each
// rule overriding the previous ones:
// 1. addresses of a family over which a host has refused mail come last;
// 2. addresses that failed lately come last;
// 3. the target that deferred the message last comes first (greylisting), unless it is one of those;
// 4. the host that received the whole message, but did not confirm it, comes last, so that it cannot keep the mail from the others.
// Returns the number of targets in front that may change places, because one of them has an open session.
[[nodiscard]] std::size_t order_targets(std::vector<dns::Target>& targets, const Attempted& attempted, const KnownHosts& known,
                                        std::mt19937_64& random);

}  // namespace mxpress::mta::transport
