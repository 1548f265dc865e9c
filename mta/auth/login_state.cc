// Computes the times of fetches.
#include "mta/auth/login_state.h"

#include <algorithm>
#include <utility>

#include "mta/auth/login.h"
#include "mta/net/client_certificate.h"

namespace mxpress::mta::auth {
namespace {

std::string_view words_of(SecretKind kind) {
  if (kind == SecretKind::certificate) return "the certificate";
  return kind == SecretKind::token ? "the access token" : "the password";
}

Duration longer(Duration gap, Duration first, Duration longest) { return gap == Duration(0) ? first : std::min(2 * gap, longest); }

}  // namespace

LoginState::LoginState(std::string name, CredentialsConfig config, Asked asked)
    : name_(std::move(name)),
      config_(std::move(config)),
      asked_(asked),
      login_(login_of({}, std::string(words_of(config_.kind())) + " of [credentials." + name_ + "] is being fetched")) {}

std::shared_ptr<const Login> LoginState::login_of(Secret secret, std::string failure) const {
  Login login{name_, config_.user, std::move(secret), std::move(failure), config_.mechanisms, config_.allow_cleartext, config_.kind()};
  if (login.kind == SecretKind::certificate && !login.password.empty()) {
    auto certificate = net::ClientCertificate::parse(login.password.reveal());
    if (certificate) login.certificate = std::move(*certificate);
    if (!certificate) login.failure = certificate.error().message;
  }
  return std::make_shared<const Login>(std::move(login));
}

Instant LoginState::due() const {
  if (is_wanted_) return Instant::min();
  if (asked_ == Asked::at_reloads) return Instant::max();
  return is_refused_ ? std::min(due_, due_refused_) : due_;
}

// The administrator may have fixed the problem: the intervals start again.
void LoginState::want(Asked asked) {
  asked_ = asked;
  is_wanted_ = true;
  retry_ = again_ = Duration(0);
  due_refused_ = Instant::min();
}

void LoginState::begin_fetch(Instant now) {
  is_wanted_ = false;
  due_ = Instant::max();
  if (!is_refused_) return;
  again_ = longer(again_, kFirstAgain, kLongestAgain);
  refetched_ = now;
  due_refused_ = now + again_;
}

LoginState::News LoginState::end_fetch(Result<FetchedSecret> fetched, Instant now) {
  News news;
  const auto before = login_;
  if (fetched) {
    news.end_of_failure = !failure_.empty();
    failure_.clear();
    retry_ = Duration(0);
    expires_ = due_ = Instant::max();
    if (const auto lifetime = fetched->lifetime) {
      expires_ = now + *lifetime;
      due_ = now + std::max(*lifetime - std::min(kAhead, *lifetime / 4), kShortest);
    }
    login_ = login_of(std::move(fetched->secret), {});
  } else {
    fetch_failed(fetched.error(), now, news);
  }
  news.login = !is_same_login(before.get(), login_.get());
  if (!news.login)
    login_ = before;
  else if (fetched)
    is_refused_ = false;  // no provider has seen it yet
  return news;
}

void LoginState::fetch_failed(const Error& error, Instant now, News& news) {
  news.first_failure = failure_.empty();
  failure_ = error.message;
  retry_ = longer(retry_, kFirstRetry, kLongestRetry);
  const Duration left = expires_ == Instant::max() ? Duration::max() : expires_ - now;
  due_ = now + (left > kShortest ? std::min(retry_, left) : retry_);
  if (!login_->failure.empty() || left <= Duration(0)) login_ = login_of({}, failure_);
}

void LoginState::refused() { is_refused_ = true; }

void LoginState::accepted() {
  is_refused_ = false;
  again_ = Duration(0);
  if (refetched_ != Instant::min()) due_refused_ = std::min(due_refused_, refetched_ + kFirstAgain);
}

}  // namespace mxpress::mta::auth
