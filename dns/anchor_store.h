// The trust anchors of the DNS root in files: those of the system, and a copy in which changes of the root's keys are kept (RFC 5011).
#pragma once

#include <string>
#include <vector>

#include "proto/result.h"

namespace mxpress::dns {

inline constexpr const char* kRootAnchors = "/usr/share/dns/root.key";  // of dns-root-data

// Which anchors to use.
struct Anchors {
  std::string file;                  // libunbound reads this one, and keeps it up to date; empty: nothing is kept, `records` count
  std::vector<std::string> records;  // parse_trust_anchors() of it, never empty
  std::string note{};                // for an operator: what was replaced, or why nothing is kept
};

// Thread: one. Blocks for the file system.
class AnchorStore {
 public:
  // `source`: the file of the system, or one of the administrator. `folder`: where the copy is kept; it is made if its parent exists.
  // Empty: nothing is kept, as for a program that runs for a moment.
  AnchorStore(std::string source, std::string folder);

  // A copy that is missing or has no anchor that can be used is replaced by `source`. Error: neither of them has any.
  Result<Anchors> open() const;
  // True if `source` has an anchor that the copy lacks; the copy is then replaced. For the case that nothing can be validated with the
  // copy: the root's keys may have changed while this host was off.
  bool replace_if_outdated() const;

 private:
  std::string source_;
  std::string copy_;  // empty: none
};

}  // namespace mxpress::dns
