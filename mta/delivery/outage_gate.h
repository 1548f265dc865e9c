// Judges by evidence if this host can do one thing needed for all sending: connect to mail hosts, or look up names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dns/target.h"
#include "mta/fairness/owner.h"
#include "queue/instant.h"

namespace mxpress::mta::delivery {

using queue::Instant;

// Open: everybody may try. It closes when several subjects in several networks have failed and nobody has succeeded for a while. Then one
// probe at a time finds out when it can open again, and only subjects reached since then pass. All of those that failed may be dead
// domains of one owner. So in a closed gate each owner may still try some subjects of his own, until as many of them have failed as would
// have closed it. Pure: no clock, no network. Thread: one.
class OutageGate {
 public:
  static constexpr std::size_t kNetworks = 3;                     // number of networks that must have failed, each by another subject
  static constexpr Duration kConfirm = std::chrono::seconds(10);  // between the first failure and the closing one
  static constexpr Duration kQuiet = std::chrono::minutes(10);    // since the last success
  static constexpr Duration kEvidence = std::chrono::hours(1);    // how long a failure counts
  static constexpr Duration kFresh = std::chrono::minutes(1);     // after the last probe, for a subject that was not probed yet
  static constexpr std::size_t kMostCandidates = 1000;            // half of them for one owner, who has less when others come
  static constexpr std::size_t kTrials = kNetworks;               // of an owner at a time, those that have failed included
  static constexpr std::size_t kMostTrying = 1000;                // owners; others wait for probes

  // A site or a domain that was tried, or is to be.
  struct Subject {
    std::string name;           // the key of the site, or the domain
    std::uint64_t network = 0;  // subjects in the same network count as one piece of evidence
    fairness::Owner owner{};    // of the mail that waits for it
    std::optional<dns::Target> target{};
  };

  enum class Asks {
    candidates,
    anybody  // also if no candidate is known: next_probe() then gives a subject without a name; there are no trials
  };
  // Why it closes: others' failures, which may be those of a few dead subjects, or what this host knows of itself.
  enum class Evidence { of_subjects, of_this_host };
  explicit OutageGate(Asks asks) : asks_(asks) {}

  void succeeded(const std::string& name, std::uint64_t network, Instant now);
  // Returns true if the evidence is sufficient: the caller must close the gate.
  [[nodiscard]] bool failed(const Subject& subject, Instant now);
  // The failure is certainly this host's own: one is enough if it lasts. Returns as failed().
  [[nodiscard]] bool failed_here(const Subject& subject, Instant now);

  void close(Evidence evidence, Instant now);
  void open();
  bool is_closed() const { return closed_; }
  // Counts changes of the set of subjects that pass, but for those that have been reached by a trial: their mail is under way.
  std::uint64_t changes() const { return changes_; }

  // True if the subject may try: the gate is open, or it was reached since it closed, or it is a trial of its owner, which ends with
  // failed() or succeeded(). Otherwise it is remembered as waiting.
  bool passes(const Subject& subject, Instant now);
  // The same without remembering it.
  bool would_pass(const std::string& name) const { return !closed_ || passing_.contains(name); }

  // The subject to probe now: owners take turns, and so do the subjects of each. Nullopt: it is too early, or nobody waits.
  std::optional<Subject> next_probe(Instant now);
  // The time when next_probe() may have one; nullopt: nobody waits.
  std::optional<Instant> due() const;
  // The probe of this subject has failed. Report a success by succeeded(), which may open the gate.
  void probe_failed(const Subject& subject, Instant now);
  // The same for a probe without a subject; and the opposite: the next probe is due now.
  void postpone(Instant now);
  void hurry(Instant now) { next_probe_ = now; }
  // Up to `most` subjects with a target.
  std::vector<Subject> candidates(std::size_t most) const;
  void restore(Subject subject) { (void)add(std::move(subject)); }

 private:
  struct Candidate {
    Subject subject;
    std::uint64_t asked = 0;  // the number of its last probe; 0: none in this outage
  };
  bool add(Subject subject);
  bool make_room_for(const fairness::Owner& owner);
  bool may_try(const Subject& subject);
  void trial_failed(const Subject& subject);
  bool may_ask(const Candidate& candidate) const;
  void reached(std::uint64_t network, Instant now);
  void let_pass(const std::string& name);
  struct EndedTrials {
    bool was_under_way = false;
    bool others_wait = false;  // subjects of the same owner, which may be tried now
  };
  EndedTrials end_trials(const std::string& name);
  void forget(const Subject& subject);
  bool is_anybody_left() const;
  void open_if_nobody_is_left();
  bool note(const Subject& subject, Instant now);

  const Asks asks_;
  struct Failure {
    Subject subject;
    Instant first, latest;
  };
  // Evidence since the last success.
  std::optional<Instant> last_success_{};
  std::map<std::uint64_t, Failure> failed_;  // one subject for each network: at most kNetworks

  bool closed_ = false, has_trials_ = false;
  enum class Trial { under_way, failed };
  struct Trials {
    std::map<std::string, Trial> by_name;  // of subjects
    bool others_wait = false;              // there were too many
  };
  std::map<fairness::Owner, Trials> trials_;  // since it closed
  std::uint64_t changes_ = 0;
  std::map<std::string, Candidate> candidates_;                              // empty while it is open
  std::map<fairness::Owner, std::pair<std::size_t, std::uint64_t>> owners_;  // number of candidates; number of the last turn
  std::uint64_t probes_ = 0;                                                 // number of turns so far
  std::uint32_t failures_ = 0;                                               // probes failed in a row
  Instant last_probe_ = Instant::min(), next_probe_ = Instant::min();
  std::set<std::string> passing_;             // subjects that were reached in this outage
  std::set<std::uint64_t> reached_networks_;  // networks of those that count as evidence about others
  // A subject was reached. Can others be reached, too, or do all except that one fail?
  bool confirming_ = false;
  std::set<std::uint64_t> confirmed_failures_;  // networks
};

// Hosts with equal values probably have the same administrator: 16 bits of an IPv4 address, 32 of an IPv6 one.
std::uint64_t network_of(const dns::Address& address);

}  // namespace mxpress::mta::delivery
