// Places for connections, by kind of peer and by user.
#include "mta/control/places.h"

#include <algorithm>
#include <map>

namespace mxpress::mta::control {
namespace {

enum class Kind { root, operators, others };

Kind kind_of(const ControlPeer& peer) {
  if (!peer.may_do_everything) return Kind::others;
  return peer.is_root ? Kind::root : Kind::operators;
}

std::size_t limit_of(const ConnectionLimits& limits, Kind kind) {
  switch (kind) {
    case Kind::root:
      return limits.of_root;
    case Kind::operators:
      return limits.of_operators;
    case Kind::others:
      return limits.of_others;
  }
  return 0;
}

// The oldest connection of the user with the most, if he has more than one.
std::optional<std::size_t> of_the_greediest(const std::vector<ControlPeer>& present, const std::map<uid_t, std::size_t>& counts) {
  std::optional<std::size_t> found;
  std::size_t most = 1;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (present[i].may_do_everything) continue;
    if (const std::size_t count = counts.at(present[i].uid); count > most) {
      most = count;
      found = i;
    }
  }
  return found;
}

}  // namespace

Placing find_place(const ConnectionLimits& limits, const std::vector<ControlPeer>& present, const ControlPeer& newcomer) {
  const Kind kind = kind_of(newcomer);
  std::map<uid_t, std::size_t> counts;
  std::size_t alike = 0;
  for (const ControlPeer& peer : present) {
    if (kind_of(peer) != kind) continue;
    ++alike;
    ++counts[peer.uid];
  }
  const std::size_t own = counts[newcomer.uid];
  if (kind == Kind::others && own >= limits.of_one_user) return {};
  if (alike < limit_of(limits, kind)) return {true, std::nullopt};
  if (kind != Kind::others || own > 0) return {};
  const auto displaced = of_the_greediest(present, counts);
  return {displaced.has_value(), displaced};
}

}  // namespace mxpress::mta::control
