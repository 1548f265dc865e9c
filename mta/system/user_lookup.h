// Asks the system's name service (NSS) for users of this host. It may use the network and hang, so separate threads wait for it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dns/async.h"
#include "mta/fairness/owner.h"

namespace mxpress::mta::system {

enum class UserAnswer : std::uint8_t {
  known,
  unknown,
  unavailable,  // the name service fails, or does not answer in time
};

// Blocking: getpwnam_r().
UserAnswer ask_name_service(const std::string& name);
// The names in /etc/passwd, which needs no network: at most 5,000.
std::vector<std::string> names_in_passwd();

// Answers are kept for a while: 60 s for a user, 5 s for anything else. Up to two lookups are in progress; while both have taken longer
// than `patience`, nothing is asked, and the answer is `unavailable` at once. Owners take turns. Any thread.
class UserLookup {
 public:
  using Ask = std::function<UserAnswer(const std::string& name)>;
  static constexpr std::size_t kThreads = 2;

  explicit UserLookup(Ask ask = ask_name_service, Duration patience = std::chrono::seconds(2));
  // Does not wait for lookups that hang. A coroutine in look_up() is then woken only by its timer.
  ~UserLookup();
  UserLookup(const UserLookup&) = delete;
  UserLookup& operator=(const UserLookup&) = delete;

  // The cached answer; nullopt: call look_up() first.
  std::optional<UserAnswer> answer(const std::string& name) const;
  // Names of users that a misspelt one may have meant, at most a minute old when a name was unknown.
  std::shared_ptr<const std::vector<std::string>> names() const;
  // For this owner. Returns when all have answers, or `patience` has passed; names without one by then are `unavailable` for a while.
  Task<void> look_up(fairness::Owner owner, std::vector<std::string> names);

 private:
  struct Core;
  const std::shared_ptr<Core> core_;  // shared with the threads
};

}  // namespace mxpress::mta::system
