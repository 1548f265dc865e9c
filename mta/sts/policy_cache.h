// The MTA-STS policies that were fetched, by domain. RFC 8461 3.3, 5.1.
#pragma once

#include <boost/container/static_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mta/fairness/owner.h"
#include "mta/sts/policy.h"
#include "proto/time.h"

namespace mxpress::mta::sts {

struct KeptPolicy {
  static constexpr std::size_t kMostOwners = 4;

  Policy policy;
  std::string id;  // of the record at that time
  WallTime fetched{};
  WallTime used{};  // by mail for the domain; to the day
  // Whose mail has used it: of more owners those who have the fewest octets in the cache. Not empty.
  boost::container::static_vector<fairness::Owner, kMostOwners> owners{fairness::Owner()};

  // The policy is obeyed until then.
  WallTime end() const { return fetched + policy.max_age; }
  // A day after it was fetched, or after half of its time: RFC 8461 3.3.
  bool is_due(WallTime now) const;
};

// Bounded in count and octets: those that have ended go first, then those of the owner with the most octets that mail has not used for
// longest. Of several owners of a policy the one with the fewest octets counts: neither an owner with very many policies, nor some who
// share theirs, push out those of others. A policy that has ended is kept until then, because the clock may be wrong. If the clock was
// ahead when a policy was fetched, it counts as fetched now. Thread: one.
class PolicyCache {
 public:
  static constexpr std::size_t kMostPolicies = 10'000;
  static constexpr std::size_t kMostOctets = 4 << 20;  // of memory; text() takes less

  // The policy of the domain (lower case, A-labels), if it has not ended; notes its use by this owner's mail. Null: none. Valid until the
  // next change.
  const KeptPolicy* use(const std::string& domain, const fairness::Owner& owner, WallTime now);
  // The same without a note.
  const KeptPolicy* find(const std::string& domain, WallTime now) const;
  // In the place of the domain's earlier policy, whose owners it gets.
  void keep(const std::string& domain, KeptPolicy kept, WallTime now);
  // Policies to fetch now although no mail asks for them: due, in force, and used within the last 30 days. At most `most`: those behind
  // the name `after`, and then from the beginning.
  std::vector<std::string> due(WallTime now, std::size_t most, std::string_view after = {}) const;
  std::size_t size() const { return policies_.size(); }

  // As a file: lines of text and their digest.
  std::string text() const;
  // An Error: it is not what text() gave.
  static Result<PolicyCache> parse(std::string_view text);

 private:
  using Policies = std::map<std::string, KeptPolicy, std::less<>>;
  void add_owner(const std::string& domain, KeptPolicy& kept, const fairness::Owner& owner);
  void count(const std::string& domain, const KeptPolicy& kept);
  void uncount(const std::string& domain, const KeptPolicy& kept);
  void erase(Policies::iterator policy);
  bool is_full(std::size_t tenths) const;  // so many of what it may have
  void make_room(WallTime now);
  fairness::Owner charged(const KeptPolicy& kept) const;

  Policies policies_;
  std::size_t octets_ = 0;
  boost::unordered_flat_map<fairness::Owner, std::size_t> of_owner_;  // octets; each owner's policies count in full
};

}  // namespace mxpress::mta::sts
