// The change of address family (IPv4, IPv6) in an attempt, after a mail host has refused mail because of the one it came over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/outcome.h"

namespace mxpress::dns {
struct Target;
}
namespace mxpress::queue {
struct Attempt;
}
namespace mxpress::mta::replies {
class RuleSet;
}

namespace mxpress::mta::transport {

struct AttemptReport;

// At most one change in an attempt. Which replies cause one, rules say (`effect = "other_family"`). Recipients that a host refused by such
// a reply become untried again; what was accepted, and what may have been delivered, stays so. `rules` must outlive it; null: no change.
class FamilyChange {
 public:
  enum class End : std::uint8_t { none, accepted, not_accepted, not_reached };  // none: nothing was tried over the other family

  explicit FamilyChange(const replies::RuleSet* rules) : rules_(rules) {}

  // `target` has been tried, with the results in `report`; `rest` are the targets behind it. If its replies cause a change, those of the
  // other family come first in `rest`. True: it has begun with this target.
  bool consider(const dns::Target& target, std::span<dns::Target> rest, AttemptReport& report);
  bool has_begun() const { return refusal_.has_value(); }
  // True if the target would only refuse the recipients again.
  bool leaves_out(const dns::Target& target) const;

  // At the end of the attempt: recipients without another answer have their first one again.
  void restore(AttemptReport& report);

  // After has_begun().
  const proto::HostResult& refusal() const { return *refusal_; }
  bool from_v6() const { return from_v6_; }
  End end(const AttemptReport& report) const;

 private:
  bool is_cause(const proto::HostResult& result) const;
  void reopen(const dns::Target& target, AttemptReport& report);
  void note_refusal(queue::Attempt& attempt) const;

  const replies::RuleSet* rules_;
  std::optional<proto::HostResult> refusal_;
  bool from_v6_ = false;
  std::size_t hosts_before_ = 0;                                         // host attempts at the time of the change
  std::vector<std::pair<std::size_t, proto::RecipientResult>> refused_;  // recipients that became untried, with their first answers
};

// "not accepted"
std::string_view to_string(FamilyChange::End end);

}  // namespace mxpress::mta::transport
