// Judges by evidence whether this host can do one thing that sending needs at all: connect to mail hosts, or look names up.
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

// Open: everybody may try. It closes when several subjects in several networks have failed and nobody has succeeded for a while; then one
// probe at a time finds out when it opens again, and only subjects that have been reached since pass. Pure: no clock, no network. Thread:
// one.
class OutageGate {
 public:
  static constexpr std::size_t kNetworks = 3;                     // that must have failed, each by another subject
  static constexpr Duration kConfirm = std::chrono::seconds(10);  // between the first failure and the one that closes it
  static constexpr Duration kQuiet = std::chrono::minutes(10);    // since the last success
  static constexpr Duration kEvidence = std::chrono::hours(1);    // that a failure counts
  static constexpr Duration kFresh = std::chrono::minutes(1);     // after the last probe, for a subject that was not asked yet
  static constexpr std::size_t kMostCandidates = 1000;            // half of them for one owner; others just wait

  // A site or a domain that was tried, or is to be.
  struct Subject {
    std::string name;           // the key of the site, or the domain
    std::uint64_t network = 0;  // subjects with the same one are one piece of evidence
    fairness::Owner owner{};    // of the mail that waits for it
    std::optional<dns::Target> target{};
  };

  enum class Asks {
    candidates,
    anybody  // also where no candidate is known: next_probe() gives a subject without a name
  };
  explicit OutageGate(Asks asks) : asks_(asks) {}

  void succeeded(const std::string& name, std::uint64_t network, Instant now);
  // True: that is enough, and the caller is to close it.
  [[nodiscard]] bool failed(const Subject& subject, Instant now);
  // The failure is this host's own, beyond doubt: one is enough if it lasts. The same.
  [[nodiscard]] bool failed_here(const Subject& subject, Instant now);

  void close(Instant now);
  void open();
  bool is_closed() const { return closed_; }
  // Counts changes of the set of subjects that pass.
  std::uint64_t changes() const { return changes_; }

  // While it is closed: whether the subject has been reached since. Else it is remembered as one that waits.
  bool passes(const Subject& subject, Instant now);
  // The same, and nothing is remembered.
  bool would_pass(const std::string& name) const { return !closed_ || passing_.contains(name); }

  // The subject to probe now: owners take turns, and so do the subjects of each. Nothing: it is too early, or nobody waits.
  std::optional<Subject> next_probe(Instant now);
  // When next_probe() may have one; nothing: nobody waits.
  std::optional<Instant> due() const;
  // The probe of this subject has failed. A success is told by succeeded(), and may open the gate.
  void probe_failed(const Subject& subject, Instant now);
  // The same of a probe that asks nobody in particular; and the opposite: whoever is next is asked now.
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
  bool may_ask(const Candidate& candidate) const;
  void reached(std::uint64_t network, Instant now);
  void let_pass(const std::string& name);
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
  std::map<std::uint64_t, Failure> failed_;  // one subject for each network: kNetworks at most

  bool closed_ = false;
  std::uint64_t changes_ = 0;
  std::map<std::string, Candidate> candidates_;                              // none while it is open
  std::map<fairness::Owner, std::pair<std::size_t, std::uint64_t>> owners_;  // how many of the candidates; the number of the last turn
  std::uint64_t probes_ = 0;                                                 // so far: numbers of turns
  std::uint32_t failures_ = 0;                                               // of probes in a row
  Instant last_probe_ = Instant::min(), next_probe_ = Instant::min();
  std::set<std::string> passing_;             // subjects that have been reached in this outage
  std::set<std::uint64_t> reached_networks_;  // those of them that say something about others
  // Somebody has been reached. Are others, too, or do all but that one fail?
  bool confirming_ = false;
  std::set<std::uint64_t> confirmed_failures_;  // networks
};

// Hosts with equal values are likely to be one administrator's: 16 bits of an IPv4 address, 32 of an IPv6 one.
std::uint64_t network_of(const dns::Address& address);

}  // namespace mxpress::mta::delivery
