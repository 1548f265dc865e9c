// Owns the logins of all [credentials.NAME]: fetches their secrets, and tells when one has changed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mta/auth/current_login.h"
#include "mta/auth/login_source.h"
#include "proto/time.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::auth {

using Logins = std::map<std::string, std::shared_ptr<const CurrentLogin>>;  // by NAME

// A fetch that fails is told once, as an alert in the log, and by failures() until one succeeds; what becomes of the login says LoginState.
// Threads: functions from any; sources that are not immediate are asked on up to kThreads threads of its own.
class LoginKeeper {
 public:
  static constexpr std::size_t kThreads = 4;  // so that some commands that hang keep no other login waiting
  static constexpr Duration kPatience = std::chrono::seconds(3);

  // Of config.credentials[name]. Never null.
  using MakeSource = std::function<std::unique_ptr<LoginSource>(const Config& config, const std::string& name)>;
  explicit LoginKeeper(MakeSource make_source);
  // Fetches under way are stopped.
  ~LoginKeeper();
  LoginKeeper(const LoginKeeper&) = delete;
  LoginKeeper& operator=(const LoginKeeper&) = delete;

  // From now on these credentials, each of which is fetched. Immediate sources have been asked when it returns, others mostly, too: it
  // waits for them up to `patience`. Of credentials that were there before and mean the same the login stays until then.
  Logins configure(const Config& config, Duration patience = kPatience);
  // Called, on a thread of its own, when a login is another one and can be used; not for immediate sources, nor after tell_nobody().
  void when_changed(std::function<void(const std::string& name)> told);
  void tell_nobody() { when_changed(nullptr); }

  // What providers say: it is fetched again where that may help.
  void refused(const std::string& name);
  void accepted(const std::string& name);

  // One sentence for each that could not be fetched the last time.
  std::vector<std::string> failures() const;

 private:
  class Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace mxpress::mta::auth
