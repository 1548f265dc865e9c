// Notices a program of this host that runs away: [guard]. Its mail is held, not lost.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proto/time.h"
#include "queue/instant.h"

namespace mxpress::proto {
struct Submitter;
}

namespace mxpress::mta {
struct GuardConfig;
}

namespace mxpress::mta::intake {

using queue::Instant;

// Counts the recipients of each local user's messages. A user begins with GuardConfig::burst of them, and gets `rate` more in each of its
// periods, up to `burst` again. A message is let through while any is left, however many recipients it has; what it has too many is a debt
// of up to `burst`. Root, the exempt users, and senders whose user is not known (other hosts, a client whose socket the kernel does not
// tell) are not counted. Forgotten at the end of the process. Any thread.
class RateGuard {
 public:
  // As long as it lasts after the latest message that was held, it is one incident: one alert, and a line of failures().
  static constexpr Duration kIncident = std::chrono::hours(1);
  static constexpr std::size_t kMostUsers = 10'000;  // that are remembered; of more the longest idle ones are forgotten

  struct Verdict {
    std::string held_because{};  // for Envelope::held_because; empty: it goes on
    bool is_first = false;       // of an incident: somebody must be told
  };
  Verdict judge(const GuardConfig& config, const proto::Submitter& submitter, std::size_t recipients, Instant now, WallTime wall);

  // One sentence for each user whose mail is held, for `mxpress status`.
  std::vector<std::string> failures(Instant now) const;

 private:
  struct User {
    std::int64_t tokens = 0;  // recipients in thousandths; negative: a debt
    Instant counted{};        // when the tokens were right
    Instant held = Instant::min();
    WallTime since{};  // the incident began
    std::uint64_t messages = 0;
    std::string program{}, unit{};  // that sent the first of them
    std::string limit{};            // "100/m"
  };
  User& user_of(std::int64_t uid, const GuardConfig& config, Instant now);
  void forget_some();

  mutable std::mutex mutex_;
  std::map<std::int64_t, User> users_;
};

}  // namespace mxpress::mta::intake
