// Owns the logins of all [credentials.NAME]: fetches their secrets, and reports when one has changed.
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

// A failed fetch is reported once, as an alert in the log, and by failures() until one succeeds; LoginState decides about the login.
// Threads: functions from any; sources that are not immediate are asked on up to kThreads threads of its own.
class LoginKeeper {
 public:
  static constexpr std::size_t kThreads = 4;  // so that a few commands that hang do not delay other logins
  static constexpr Duration kPatience = std::chrono::seconds(3);

  // For config.credentials[name]. Never null.
  using MakeSource = std::function<std::unique_ptr<LoginSource>(const Config& config, const std::string& name)>;
  explicit LoginKeeper(MakeSource make_source);
  // Stops fetches in progress.
  ~LoginKeeper();
  LoginKeeper(const LoginKeeper&) = delete;
  LoginKeeper& operator=(const LoginKeeper&) = delete;

  // Uses these credentials from now on, and fetches each. When it returns, immediate sources have been asked, and usually others, too: it
  // waits for them up to `patience`. Unchanged credentials keep their login until then.
  Logins configure(const Config& config, Duration patience = kPatience);
  // `told` is called, on a thread of its own, when a login has changed and is usable; not for immediate sources, nor after tell_nobody().
  void when_changed(std::function<void(const std::string& name)> told);
  void tell_nobody() { when_changed(nullptr); }

  // Reports a refusal by a provider: the secret is fetched again if that may help.
  void refused(const std::string& name);
  void accepted(const std::string& name);

  // One sentence for each login whose last fetch failed.
  std::vector<std::string> failures() const;

 private:
  class Core;
  const std::unique_ptr<Core> core_;
};

}  // namespace mxpress::mta::auth
