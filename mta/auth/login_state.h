// When the secret of one [credentials.NAME] is fetched, and what becomes of the login.
#pragma once

#include <memory>
#include <string>

#include "mta/auth/login_source.h"
#include "mta/config/route_config.h"
#include "queue/instant.h"

namespace mxpress::mta::auth {

struct Login;
using queue::Instant;

// Knows no source, no clock and no thread. Begins with a login that has no secret yet, and wants one.
class LoginState {
 public:
  // Before the end of its lifetime by so much, or by a quarter of it.
  static constexpr Duration kAhead = std::chrono::minutes(5);
  // Between fetches that fail: doubled each time.
  static constexpr Duration kFirstRetry = std::chrono::seconds(5), kLongestRetry = std::chrono::minutes(5);
  // Between fetches because a provider refuses what there is: doubled until one takes it.
  static constexpr Duration kFirstAgain = std::chrono::minutes(1), kLongestAgain = std::chrono::hours(1);
  // Between any two that nobody has asked for.
  static constexpr Duration kShortest = std::chrono::seconds(5);

  // When it is asked.
  enum class Asked { at_reloads, whenever_due };
  LoginState(std::string name, CredentialsConfig config, Asked asked);

  const CredentialsConfig& config() const { return config_; }
  std::shared_ptr<const Login> login() const { return login_; }
  // Why the latest fetch gave nothing; empty: it did. The login may be that of an earlier one.
  const std::string& failure() const { return failure_; }
  // The next fetch; Instant::max(): none until something happens.
  Instant due() const;
  // Somebody waits for a fetch: the start, a reload.
  void want(Asked asked);

  struct News {
    bool login = false;          // it is another one
    bool first_failure = false;  // after one that gave something
    bool end_of_failure = false;
  };
  void begin_fetch(Instant now);
  // A failure leaves the login as it is until its lifetime is over.
  News end_fetch(Result<FetchedSecret> fetched, Instant now);

  // A provider has refused a login of this name.
  void refused();
  // A provider has taken one again.
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
  Instant expires_ = Instant::max();      // the login
  Instant due_ = Instant::max();          // by its lifetime, or because the latest fetch has failed
  Instant refetched_ = Instant::min();    // the latest fetch because it was refused
  Instant due_refused_ = Instant::min();  // not earlier while it is refused
  Duration retry_{0}, again_{0};          // the latest gaps
};

}  // namespace mxpress::mta::auth
