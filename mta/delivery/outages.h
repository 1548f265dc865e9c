// Detects if this host cannot send at all, directly or by a route: one incident instead of a failure for each of thousands of messages.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dns/async.h"
#include "dns/target.h"
#include "mta/delivery/outage_judge.h"
#include "mta/delivery/paced_call.h"
#include "mta/delivery/site_failure.h"
#include "mta/system/instant.h"
#include "queue/guarded.h"

namespace mxpress::mta {
class CurrentConfig;
namespace events {
class Hub;
}
namespace transport {
struct AttemptReport;
}
}  // namespace mxpress::mta

namespace mxpress::mta::delivery {

class OutageProbes;
class OutageRecord;
struct OutageStatus;

// Direct delivery has two gates: lookups and connections. While one is closed, probes run on the thread of `io`: they ask the name servers,
// or wait for a mail host's greeting. A route has no gate: its site backs off like others. Thread: any, unless a function says otherwise.
// Call stop(), and end the threads, before it is destroyed.
class Outages {
 public:
  struct Services {
    asio::io_context& io;
    const CurrentConfig& config;
    events::Hub& events;
    OutageProbes& probes;  // of the thread of `io`
    OutageRecord& record;
    std::function<bool(dns::AddressFamily)> has_route;      // to any network of this family; null: always
    std::function<bool(const dns::Address&)> has_route_to;  // null: always
  };
  // Called on any thread: mail that waits for a gate may begin, or direct delivery is out.
  using Changed = std::function<void()>;
  Outages(Services services, Changed changed);
  ~Outages();

  // Evidence. `site`: the text of its key; `owner`: of the mail.
  void attempted(const std::string& site, const fairness::Owner& owner, const transport::AttemptReport& report);
  void looked_up(const std::string& domain);
  void not_looked_up(const std::string& domain, const fairness::Owner& owner);
  // `source`: of the route. `failure`: why none of its hosts could be reached, in a text that all users see; nullopt: one was.
  void attempted_by_route(const std::string& source, const std::optional<proto::HostResult>& failure);
  // Mail of one worker waits for these routes. Each worker calls it once a minute while any_route_fails().
  void routes_wanted(const std::set<std::string>& sources);

  // Gates. True: the attempt may begin. False: it waits until Changed is called.
  bool may_connect(const std::string& site, const fairness::Owner& owner, const std::vector<dns::Target>& targets);
  bool may_look_up(const std::string& domain, const fairness::Owner& owner);
  // The same without remembering it.
  bool would_connect(const std::string& site) const;
  bool may_look_up_all() const { return !is_direct_out_ || !judge_.lock()->gate(OutageJudge::Kind::lookups).is_closed(); }
  // True if there is, or was, an outage that affects the age of mail.
  bool has_any() const { return has_spans_; }
  bool any_route_fails() const { return failing_routes_ != 0; }

  // The reason why mail by this way waits; nullopt: it need not.
  std::optional<SiteFailure> why(std::string_view way) const;
  // The part of this time that it has waited for that reason.
  Duration paused(std::string_view way, Instant from, Instant to) const;

  bool is_direct_out() const { return is_direct_out_; }
  // The time of the next probe of direct delivery, or of the next check for a route; nullopt: there is none.
  std::optional<Instant> due() const;
  std::vector<OutageStatus> status() const;
  // The next probe is due now.
  void probe_now();
  void reconfigured();
  // No further probe. Thread: that of `io`.
  void stop();

 private:
  bool has_route() const;
  // The route is checked only during an outage.
  OutageJudge::Now now_of_success() const { return {system::instant_now(), !is_direct_out_ || has_route()}; }
  OutageJudge::Now now() const { return {system::instant_now(), has_route()}; }
  // Changes the state, reports news, and has the state saved.
  void change(const std::function<void(OutageJudge&)>& change);
  void note(const OutageJudge& judge);
  bool can_route_to(const std::vector<dns::Target>& targets) const;
  bool passes(OutageJudge::Kind kind, const OutageGate::Subject& subject);
  void tell(const std::vector<OutageJudge::News>& news);
  void arm();
  Task<void> probe();
  Task<void> probe_connections();
  Task<void> probe_lookups();
  Task<void> check_name_servers();
  void save();
  void restore();

  const Services services_;
  const Changed changed_;
  mutable queue::Guarded<OutageJudge> judge_;
  std::atomic<bool> is_direct_out_{false}, has_spans_{false};
  std::atomic<std::size_t> failing_routes_{0};
  PacedCall passing_changed_;  // looks at all waiting mail, even if many sites are reached one by one
  Timer timer_;
  bool is_probing_ = false, is_checking_ = false, is_stopping_ = false;  // of the thread of `io`
  Instant looked_for_route_ = Instant::min();                            // at the last probe
};

}  // namespace mxpress::mta::delivery
