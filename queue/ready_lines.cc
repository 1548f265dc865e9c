// Keeps the lines at sites consistent with those at destinations.
#include "queue/ready_lines.h"

#include <utility>

namespace mxpress::queue {

void ReadyLines::push_back(JobIndex job, DestinationIndex destination, const proto::ShareOwner& owner) {
  const LineIndex line = at_destinations_.push_back(destination, owner, job);
  const SiteIndex site = site_of(destination);
  if (site != kNone && at_destinations_.is_only(job)) enter(site, line);
}

void ReadyLines::erase(JobIndex job) {
  const LineIndex line = at_destinations_.erase(job);
  if (line == kNone) return;
  const SiteIndex site = site_of(at_destinations_.group(line));
  if (site != kNone) leave(site, line);
}

void ReadyLines::open(DestinationIndex destination, SiteIndex site) {
  if (site_of(destination) == site) return;
  close(destination);
  if (sites_.size() <= destination) sites_.resize(destination + 1, kNone);
  sites_[destination] = site;
  any_line(destination, kNone, [&](LineIndex line) {
    enter(site, line);
    return false;
  });
}

void ReadyLines::close(DestinationIndex destination) {
  const SiteIndex site = site_of(destination);
  if (site == kNone) return;
  sites_[destination] = kNone;
  any_line(destination, kNone, [&](LineIndex line) {
    leave(site, line);
    return false;
  });
}

// The next owner at the site has his turn; when this owner's turn comes again, it is for the next of his destinations.
void ReadyLines::pass_turn_at(SiteIndex site) {
  if (only_line(site) != kSeveral) return;
  const LineIndex turn = at_sites_.turn(site);
  const LineIndex line = at_sites_.first(turn);
  at_sites_.pass_turn(site);
  if (at_sites_.is_only(line)) return;
  at_sites_.erase(line);
  at_sites_.push_back(site, owner(line), line);
}

LineIndex ReadyLines::line_at(SiteIndex site) const {
  const LineIndex only = only_line(site);
  return only == kSeveral ? at_sites_.first(at_sites_.turn(site)) : only;
}

void ReadyLines::enter(SiteIndex site, LineIndex line) {
  if (only_lines_.size() <= site) only_lines_.resize(site + 1, kNone);
  LineIndex& only = only_lines_[site];
  if (only == kNone) {
    only = line;
    return;
  }
  while (line_links_.size() <= std::max(line, only == kSeveral ? line : only)) line_links_.push_back({});
  if (only != kSeveral) at_sites_.push_back(site, owner(only), std::exchange(only, kSeveral));
  at_sites_.push_back(site, owner(line), line);
}

void ReadyLines::leave(SiteIndex site, LineIndex line) {
  LineIndex& only = only_lines_[site];
  if (only == line) {
    only = kNone;
    return;
  }
  at_sites_.erase(line);
  if (at_sites_.empty(site)) only = kNone;
}

}  // namespace mxpress::queue
