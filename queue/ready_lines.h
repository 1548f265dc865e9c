// The ready jobs, by destination and by site, and the one to lease next. Owners of mail take turns.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "queue/job.h"
#include "queue/owner_turns.h"
#include "queue/slab.h"

namespace mxpress::queue {

// Each ready job stands in the line of its owner at its destination; jobs of one owner are leased in order. A destination may be open at a
// site; all destinations open there share its deliveries: owners take turns, and each owner's destinations take turns. A site with one line
// needs no memory for turns. Thread: one.
class ReadyLines {
 public:
  explicit ReadyLines(Slab<Job>& jobs) : at_destinations_(JobLinks{&jobs}), at_sites_(LinksOfLine{&line_links_}) {}

  void push_back(JobIndex job, DestinationIndex destination, const proto::ShareOwner& owner);
  void erase(JobIndex job);

  // The destination's ready jobs, now and later, are leased at this site, until close().
  void open(DestinationIndex destination, SiteIndex site);
  void close(DestinationIndex destination);

  bool empty(DestinationIndex destination) const { return at_destinations_.empty(destination); }
  bool empty_at(SiteIndex site) const { return line_at(site) == kNone; }
  // The job whose turn it is; kNone if there is none. It stays ready.
  JobIndex next(DestinationIndex destination) const { return oldest_or_none(line(destination)); }
  JobIndex next_at(SiteIndex site) const { return oldest_or_none(line_at(site)); }
  // The line whose turn it is at the site; kNone if there is none.
  LineIndex line_at(SiteIndex site) const;
  // The job that next() gave has been leased, and is still in its line.
  void pass_turn(DestinationIndex destination) { at_destinations_.pass_turn(destination); }
  void pass_turn_at(SiteIndex site);
  // The owner whose turn it is may begin nothing now: the next owner has his turn. At his next turn the same destination is tried.
  void skip_owner_at(SiteIndex site) {
    if (only_line(site) == kSeveral) at_sites_.pass_turn(site);
  }

  // The line of next(); kNone if there is none.
  LineIndex line(DestinationIndex destination) const { return at_destinations_.turn(destination); }
  const proto::ShareOwner& owner(LineIndex line) const { return at_destinations_.owner(line); }
  JobIndex oldest(LineIndex line) const { return at_destinations_.first(line); }
  JobIndex newest(LineIndex line) const { return at_destinations_.last(line); }
  // The neighbour in its line; kNone at an end.
  JobIndex before(JobIndex job) const { return at_destinations_.before(job); }
  JobIndex after(JobIndex job) const { return at_destinations_.after(job); }

  // Calls `visit` with the line of each owner at the destination, at most this many, until it returns true; the owner who came last is
  // first. Returns true if a call did.
  template <class Visit>
  bool any_line(DestinationIndex destination, std::size_t most, Visit visit) const {
    return any_in_turn(at_destinations_, destination, most, visit);
  }
  // The same with one line of each owner at the site.
  template <class Visit>
  bool any_line_at(SiteIndex site, std::size_t most, Visit visit) const {
    const LineIndex only = only_line(site);
    if (only == kNone) return false;
    if (only != kSeveral) return visit(only);
    return any_in_turn(at_sites_, site, most, [&](LineIndex line) { return visit(at_sites_.first(line)); });
  }

  // The same with each owner's lines at his destinations there; at most this many lines in all.
  template <class Visit>
  bool any_destination_at(SiteIndex site, std::size_t most, Visit visit) const {
    const LineIndex only = only_line(site);
    if (only == kNone) return false;
    if (only != kSeveral) return visit(only);
    return any_in_turn(at_sites_, site, most, [&](LineIndex owner) {
      for (LineIndex line = at_sites_.first(owner); line != kNone && most > 0; line = at_sites_.after(line), --most)
        if (visit(line)) return true;
      return false;
    });
  }

 private:
  static constexpr LineIndex kSeveral = kNone - 1;

  struct JobLinks {
    Slab<Job>* jobs;
    LineLinks& operator()(JobIndex job) const { return (*jobs)[job].links; }
  };
  struct LinksOfLine {
    Slab<LineLinks, 64>* links;
    LineLinks& operator()(LineIndex line) const { return (*links)[line]; }
  };

  template <class Turns, class Visit>
  static bool any_in_turn(const Turns& turns, std::uint32_t group, std::size_t most, Visit visit) {
    if (turns.empty(group)) return false;
    const LineIndex first = turns.before_in_turn(turns.turn(group));
    LineIndex line = first;
    do {
      if (most-- == 0) return false;
      const LineIndex next = turns.before_in_turn(line);
      if (visit(line)) return true;
      line = next;
    } while (line != first);
    return false;
  }

  JobIndex oldest_or_none(LineIndex line) const { return line == kNone ? kNone : oldest(line); }
  LineIndex only_line(SiteIndex site) const { return site < only_lines_.size() ? only_lines_[site] : kNone; }
  SiteIndex site_of(DestinationIndex destination) const { return destination < sites_.size() ? sites_[destination] : kNone; }
  void enter(SiteIndex site, LineIndex line);
  void leave(SiteIndex site, LineIndex line);

  Slab<LineLinks, 64> line_links_;        // of the lines at destinations, at their sites
  OwnerTurns<JobLinks> at_destinations_;  // of jobs
  OwnerTurns<LinksOfLine> at_sites_;      // of lines at destinations, where a site has several
  std::vector<LineIndex> only_lines_;     // of each site; kSeveral: see at_sites_
  std::vector<SiteIndex> sites_;          // of each destination: the site where it is open
};

}  // namespace mxpress::queue
