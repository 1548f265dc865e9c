// Decides when the secret of one [credentials.NAME] is fetched, and how that changes the login.
#pragma once

#include <memory>
#include <string>

#include "mta/auth/login_source.h"
#include "mta/config/route_config.h"
#include "queue/instant.h"

namespace mxpress::mta::auth {

struct Login;
using queue::Instant;

// Uses no source, clock or thread. Begins with a login that has no secret yet, and needs one.
class LoginState {
 public:
  // A fetch begins this long before the lifetime ends, or a quarter of the lifetime before.
  static constexpr Duration kAhead = std::chrono::minutes(5);
  // Between failed fetches: doubled each time.
  static constexpr Duration kFirstRetry = std::chrono::seconds(5), kLongestRetry = std::chrono::minutes(5);
  // Between fetches because a provider refuses the current secret: doubled until one accepts it.
  static constexpr Duration kFirstAgain = std::chrono::minutes(1), kLongestAgain = std::chrono::hours(1);
  // The minimum between two automatic fetches.
  static constexpr Duration kShortest = std::chrono::seconds(5);

  // When fetches happen.
  enum class Asked { at_reloads, whenever_due };
  LoginState(std::string name, CredentialsConfig config, Asked asked);

  const CredentialsConfig& config() const { return config_; }
  std::shared_ptr<const Login> login() const { return login_; }
  // The reason why the latest fetch failed; empty if it succeeded. The login may still be that of an earlier fetch.
  const std::string& failure() const { return failure_; }
  // The time of the next fetch; Instant::max(): none until something happens.
  Instant due() const;
  // A fetch is requested: at the start, at a reload.
  void want(Asked asked);

  struct News {
    bool login = false;          // the login has changed
    bool first_failure = false;  // the first one after a success
    bool end_of_failure = false;
  };
  void begin_fetch(Instant now);
  // After a failure the login stays until its lifetime is over.
  News end_fetch(Result<FetchedSecret> fetched, Instant now);

  // A provider has refused a login of this name.
  void refused();
  // A provider has accepted one again.
  void accepted();

 private:
  void fetch_failed(const Error& error, Instant now, News& news);
  std::shared_ptr<const Login> login_of(Secret secret, std::string failure) const;

  const std::string name_;
  const CredentialsConfig config_;
  Asked asked_;
  std::shared_ptr<const Login> login_;
  std::string failure_;
  bool is_wanted_ = true;
  bool is_refused_ = false;
  Instant expires_ = Instant::max();      // of the login
  Instant due_ = Instant::max();          // by its lifetime, or because the latest fetch has failed
  Instant refetched_ = Instant::min();    // the latest fetch after a refusal
  Instant due_refused_ = Instant::min();  // not earlier while it is refused
  Duration retry_{0}, again_{0};          // the latest intervals
};

}  // namespace mxpress::mta::auth
