// Judges by evidence if this host can send directly, and by each route.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "mta/delivery/outage_gate.h"
#include "mta/delivery/outage_spans.h"
#include "proto/outcome.h"

namespace mxpress::mta::delivery {

// Pure: time, and whether this host has a route to any network, are arguments. Thread: one.
class OutageJudge {
 public:
  using Subject = OutageGate::Subject;
  static constexpr Duration kUnused = std::chrono::seconds(150);
  enum class Kind { connections, lookups };  // each has a gate; one outage of direct delivery may close both

  struct News {
    enum class What { begun, over };
    What what = What::begun;
    std::string way, reason, advice;  // of an outage that has begun
    Duration lasted{0};               // of an outage that is over
  };
  struct Now {
    Instant time;
    bool has_route = true;
  };

  // A mail host has answered.
  void connected(const std::string& site, const dns::Address& address, Now now);
  void not_connected(const Subject& site, const proto::HostResult& why, Now now);
  // The DNS has answered a question about this name.
  void looked_up(const std::string& name, Now now);
  // The DNS has not answered. True: there is reason to test the name servers with another question, and to report by name_servers().
  [[nodiscard]] bool not_looked_up(const Subject& name, Now now);
  // `why`: unless they answer. A name server that is full refuses, but only for a while: it takes ten minutes without any answer, or a host
  // without a route, for an outage.
  enum class NameServers { answer, refuse, say_nothing };
  void name_servers(NameServers say, std::string_view why, Now now);
  void probe_failed(Kind kind, const Subject& subject, Now now);

  // `source`: "[route.office]". One failure is not enough.
  void route_failed(const std::string& source, const proto::HostResult& why, Now now);
  void route_worked(const std::string& source, Now now);
  std::size_t failing_routes() const { return routes_.size(); }
  // Mail waits for these routes now. The outage of a route ends when no mail has waited for it for kUnused: the route is not tried any
  // more.
  void routes_wanted(const std::set<std::string>& sources, Now now);
  // Forgets all other routes.
  void keep_routes(const std::vector<std::string>& sources, Now now);

  OutageGate& gate(Kind kind) { return kind == Kind::connections ? connections_ : lookups_; }
  const OutageGate& gate(Kind kind) const { return kind == Kind::connections ? connections_ : lookups_; }
  bool is_direct_out() const { return connections_.is_closed() || lookups_.is_closed(); }
  // Connections wait for a route to the internet: hosts that can still be reached may be tried.
  bool is_without_route() const { return is_without_route_; }
  // There was no route when the outage began: waiting mail is tried as soon as there is one.
  bool waits_for_route() const { return waits_for_route_; }
  void has_route_again(Instant now);
  const OutageSpans& spans() const { return spans_; }
  // Restores outages of an earlier run: those that lasted then still last.
  void restore(OutageSpans::Restored restored, Now now);
  // The advice for an outage in progress, by its reason.
  static std::string_view advice_for(std::string_view reason);

  // News since the last call.
  std::vector<News> take_news() { return std::exchange(news_, {}); }

 private:
  struct Route {
    Instant first{};
    Instant wanted{};  // when mail was last seen to wait for it
    bool is_out = false;
  };
  void begin(Kind kind, OutageGate::Evidence evidence, std::string reason, Now now);
  void settle(Now now);
  bool may_be_full(Now now);
  void end_routes(const std::function<bool(const std::string& source, const Route&)>& is_over, Now now);

  OutageGate connections_{OutageGate::Asks::candidates}, lookups_{OutageGate::Asks::anybody};
  OutageSpans spans_;
  std::optional<Instant> direct_since_{};
  std::optional<Instant> refused_since_{};  // the name servers have refused, and answered nothing since
  bool is_without_route_ = false, waits_for_route_ = false;
  std::map<std::string, Route> routes_;  // failing ones
  std::vector<News> news_;
};

}  // namespace mxpress::mta::delivery
