// The login of one [credentials.NAME] as it is now, for all who refer to it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

namespace mxpress::mta::auth {

struct Login;

// Set by the LoginKeeper alone. Any thread.
class CurrentLogin {
 public:
  CurrentLogin(std::string name, std::shared_ptr<const Login> login) : name_(std::move(name)), login_(std::move(login)) {}

  // NAME
  const std::string& name() const { return name_; }
  // Never null. Whoever signs in takes it once and keeps it for the whole session.
  std::shared_ptr<const Login> get() const {
    const std::lock_guard lock(mutex_);
    return login_;
  }
  void set(std::shared_ptr<const Login> login) {
    const std::lock_guard lock(mutex_);
    login_.swap(login);
  }

 private:
  const std::string name_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Login> login_;
};

// Null: nobody signs in.
inline std::shared_ptr<const Login> login_now(const std::shared_ptr<const CurrentLogin>& login) { return login ? login->get() : nullptr; }

// Whether a session that signed in with `login` may still serve. Null: nobody signs in.
bool is_in_force(const Login* login, const std::shared_ptr<const CurrentLogin>& current);

}  // namespace mxpress::mta::auth
