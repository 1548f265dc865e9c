// Detects programs of this host that send too much mail: [guard]. Their mail is held, not lost.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proto/queue_id.h"
#include "proto/time.h"
#include "queue/instant.h"

namespace mxpress::proto {
struct Envelope;
struct Submitter;
}  // namespace mxpress::proto

namespace mxpress::mta {
struct GuardConfig;
}

namespace mxpress::mta::intake {

using queue::Instant;

// Counts the recipients of each local user's messages. A user begins with GuardConfig::burst tokens, and gets `rate` more in each of its
// periods, up to `burst`. A message passes while any token is left, however many recipients it has; the excess becomes a debt of up to
// `burst`. Root, the exempt users, and senders without a known user (other hosts, or a client whose socket's owner the kernel does not
// tell) are not counted. Forgotten when the process ends. Any thread.
class RateGuard {
 public:
  // Messages held within this time after the previous one belong to one incident: one alert, and a line of failures().
  static constexpr Duration kIncident = std::chrono::hours(1);
  static constexpr std::size_t kMostUsers = 10'000;  // remembered users; beyond it the longest idle ones are forgotten

  struct Verdict {
    std::string held_because{};  // for Envelope::held_because; empty: the message passes
    bool is_first = false;       // the first of an incident: report it
  };
  // `submitter`: the user who forwards by a ~/.forward counts for what that makes, else the sending user.
  Verdict judge(const GuardConfig& config, const proto::Submitter& submitter, std::size_t recipients, Instant now, WallTime wall);

  // Holds the message if it is excess, and logs the first of an incident.
  void hold_excess(const GuardConfig& config, proto::QueueId id, proto::Envelope& envelope);

  // One sentence for each user whose mail is held, for `mxpress status`.
  std::vector<std::string> failures(Instant now) const;

 private:
  struct User {
    std::int64_t tokens = 0;  // recipients in thousandths; negative: a debt
    Instant counted{};        // time at which `tokens` was correct
    Instant held = Instant::min();
    WallTime since{};  // start of the incident
    std::uint64_t messages = 0;
    std::string program{}, unit{};  // of the first held message
    std::string limit{};            // "100/m"
  };
  User& user_of(std::int64_t uid, const GuardConfig& config, Instant now);
  void forget_some();

  mutable std::mutex mutex_;
  std::map<std::int64_t, User> users_;
};

}  // namespace mxpress::mta::intake
