// The current login of one [credentials.NAME], for all its users.
#pragma once

#include <memory>
#include <mutex>
#include <string>

namespace mxpress::mta::auth {

struct Login;

// Set only by the LoginKeeper. Any thread.
class CurrentLogin {
 public:
  CurrentLogin(std::string name, std::shared_ptr<const Login> login) : name_(std::move(name)), login_(std::move(login)) {}

  // The NAME.
  const std::string& name() const { return name_; }
  // Never null. A session takes it once when it signs in and keeps it.
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

// Null: no sign-in.
inline std::shared_ptr<const Login> login_now(const std::shared_ptr<const CurrentLogin>& login) { return login ? login->get() : nullptr; }

// True if a session that signed in with `login` may still be used. Null: no sign-in.
bool is_in_force(const Login* login, const std::shared_ptr<const CurrentLogin>& current);

}  // namespace mxpress::mta::auth
