// Fetches secrets from their sources when they are due.
#include "mta/auth/login_keeper.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "mta/auth/login.h"
#include "mta/auth/login_state.h"
#include "mta/config/config.h"
#include "mta/system/instant.h"
#include "mta/system/log.h"
#include "queue/start_thread.h"

namespace mxpress::mta::auth {
namespace {

// Waits of threads do not count while the system is suspended, so they check again after this time.
constexpr Duration kLookAgain = std::chrono::seconds(10);

LoginState::Asked asked_of(const LoginSource& source) {
  return source.is_immediate() ? LoginState::Asked::at_reloads : LoginState::Asked::whenever_due;
}

Result<FetchedSecret> fetch_from(LoginSource& source, const std::stop_token& stop) {
  try {
    return source.fetch(stop);
  } catch (const std::exception& bug) {
    return Error::transient(std::string("the password cannot be fetched: ") + bug.what());
  }
}

std::string shown(const std::string& name, const std::string& failure) { return "[credentials." + name + "]: " + failure; }

}  // namespace

class LoginKeeper::Core {
 public:
  explicit Core(MakeSource make_source) : make_source_(std::move(make_source)) {}
  ~Core();

  Logins configure(const Config& config, Duration patience);
  void when_changed(std::function<void(const std::string&)> told);
  void refused(const std::string& name);
  void accepted(const std::string& name);
  std::vector<std::string> failures() const;

 private:
  struct Account {
    Account(const std::string& name, const CredentialsConfig& config, LoginState::Asked asked) : state(name, config, asked) {}
    LoginState state;
    std::shared_ptr<CurrentLogin> current;
    std::shared_ptr<LoginSource> source;  // shared with a fetch that a reload has made obsolete
    bool is_fetching = false;
  };
  using Lock = std::unique_lock<std::mutex>;
  using Accounts = std::map<std::string, std::shared_ptr<Account>>;  // shared with fetches
  enum class Telling { nobody, who_wants };

  void take_over(const Config& config);
  void fetch(Lock& lock, const std::string& name, std::shared_ptr<Account> account, Telling telling);
  void note(const std::string& name, const LoginState& state, const LoginState::News& news) const;
  void tell(const std::string& name);
  void start_threads();
  void work(const std::stop_token& stop);
  void notify();
  Accounts::const_iterator most_urgent() const;
  bool is_anything_under_way() const;
  bool waits_for_others(const Account& account) const;

  const MakeSource make_source_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t changes_ = 0;
  Accounts accounts_;
  std::mutex told_mutex_;  // held while listeners are called; never taken inside mutex_
  std::function<void(const std::string&)> told_;
  std::stop_source stop_;
  std::vector<std::thread> threads_;
};

LoginKeeper::Core::~Core() {
  stop_.request_stop();
  for (std::thread& thread : threads_) thread.join();
}

void LoginKeeper::Core::take_over(const Config& config) {
  Accounts accounts;
  for (const auto& [name, credentials] : config.credentials) {
    std::shared_ptr<LoginSource> source = make_source_(config, name);
    const auto before = accounts_.find(name);
    const bool was_there = before != accounts_.end();
    const bool stays = was_there && before->second->state.config() == credentials;
    auto account = stays ? before->second : std::make_shared<Account>(name, credentials, asked_of(*source));
    account->state.want(asked_of(*source));
    const bool goes_on = stays && account->source && account->source->must_stay();
    if (!goes_on) account->source = std::move(source);
    if (!account->current && was_there) account->current = before->second->current;
    if (!account->current) account->current = std::make_shared<CurrentLogin>(name, account->state.login());
    account->current->set(account->state.login());
    accounts.emplace(name, std::move(account));
  }
  accounts_ = std::move(accounts);
}

Logins LoginKeeper::Core::configure(const Config& config, Duration patience) {
  Lock lock(mutex_);
  take_over(config);
  Logins logins;
  for (const auto& [name, account] : accounts_) logins.emplace(name, account->current);
  const Accounts all = accounts_;
  for (const auto& [name, account] : all)
    if (account->source->is_immediate()) fetch(lock, name, account, Telling::nobody);
  if (!is_anything_under_way()) return logins;
  start_threads();
  notify();
  changed_.wait_for(lock, patience, [this] { return !is_anything_under_way(); });
  return logins;
}

bool LoginKeeper::Core::is_anything_under_way() const {
  return std::any_of(accounts_.begin(), accounts_.end(), [](const auto& one) {
    const Account& account = *one.second;
    return account.is_fetching || account.state.due() == Instant::min();
  });
}

void LoginKeeper::Core::notify() {
  ++changes_;
  changed_.notify_all();
}

// With fewer threads, fetches wait for each other.
void LoginKeeper::Core::start_threads() {
  while (threads_.size() < kThreads) {
    auto thread = queue::start_thread([this] { work(stop_.get_token()); });
    if (!thread) return log(LogLine(Priority::error, "credentials").add("reason", thread.error().message));
    threads_.push_back(std::move(*thread));
  }
}

void LoginKeeper::Core::work(const std::stop_token& stop) {
  Lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto next = most_urgent();
    const Instant now = system::instant_now();
    const Instant due = next == accounts_.end() ? Instant::max() : next->second->state.due();
    if (due <= now) {
      fetch(lock, std::string(next->first), next->second, Telling::who_wants);
    } else {
      const Duration wait = due == Instant::max() ? kLookAgain : std::min(kLookAgain, due - now);
      changed_.wait_for(lock, stop, wait, [this, before = changes_] { return changes_ != before; });
    }
  }
}

bool LoginKeeper::Core::waits_for_others(const Account& account) const {
  const std::string queue = account.source->queue_name();
  return !queue.empty() && std::any_of(accounts_.begin(), accounts_.end(), [&](const auto& other) {
    return other.second->is_fetching && other.second->source->queue_name() == queue;
  });
}

LoginKeeper::Core::Accounts::const_iterator LoginKeeper::Core::most_urgent() const {
  auto best = accounts_.end();
  for (auto one = accounts_.begin(); one != accounts_.end(); ++one) {
    if (one->second->is_fetching || waits_for_others(*one->second)) continue;
    if (best == accounts_.end() || one->second->state.due() < best->second->state.due()) best = one;
  }
  return best;
}

// The lock is released meanwhile. A fetch that a reload has made obsolete changes nothing.
void LoginKeeper::Core::fetch(Lock& lock, const std::string& name, std::shared_ptr<Account> account, Telling telling) {
  account->is_fetching = true;
  account->state.begin_fetch(system::instant_now());
  const auto source = account->source;
  lock.unlock();
  auto fetched = fetch_from(*source, stop_.get_token());
  lock.lock();
  account->is_fetching = false;
  const auto known = accounts_.find(name);
  if (known == accounts_.end() || known->second != account || stop_.stop_requested()) return notify();
  const LoginState::News news = account->state.end_fetch(std::move(fetched), system::instant_now());
  account->current->set(account->state.login());
  note(name, account->state, news);
  const bool is_told = telling == Telling::who_wants && news.login && account->state.login()->failure.empty();
  notify();
  if (!is_told) return;
  lock.unlock();
  tell(name);
  lock.lock();
}

void LoginKeeper::Core::note(const std::string& name, const LoginState& state, const LoginState::News& news) const {
  if (news.first_failure) log(LogLine(Priority::alert, "route").add("reason", shown(name, state.failure())));
  if (news.end_of_failure) log(LogLine(Priority::notice, "route").add("note", shown(name, "the password could be fetched again")));
}

void LoginKeeper::Core::tell(const std::string& name) {
  const std::lock_guard lock(told_mutex_);
  if (told_) told_(name);
}

void LoginKeeper::Core::when_changed(std::function<void(const std::string&)> told) {
  const std::lock_guard lock(told_mutex_);
  told_ = std::move(told);
}

void LoginKeeper::Core::refused(const std::string& name) {
  const Lock lock(mutex_);
  const auto known = accounts_.find(name);
  if (known == accounts_.end()) return;
  known->second->state.refused();
  notify();
}

void LoginKeeper::Core::accepted(const std::string& name) {
  const Lock lock(mutex_);
  const auto known = accounts_.find(name);
  if (known != accounts_.end()) known->second->state.accepted();
}

std::vector<std::string> LoginKeeper::Core::failures() const {
  const Lock lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [name, account] : accounts_)
    if (!account->state.failure().empty()) all.push_back(shown(name, account->state.failure()));
  return all;
}

LoginKeeper::LoginKeeper(MakeSource make_source) : core_(std::make_unique<Core>(std::move(make_source))) {}

LoginKeeper::~LoginKeeper() = default;

Logins LoginKeeper::configure(const Config& config, Duration patience) { return core_->configure(config, patience); }

void LoginKeeper::when_changed(std::function<void(const std::string&)> told) { core_->when_changed(std::move(told)); }

void LoginKeeper::refused(const std::string& name) { core_->refused(name); }

void LoginKeeper::accepted(const std::string& name) { core_->accepted(name); }

std::vector<std::string> LoginKeeper::failures() const { return core_->failures(); }

}  // namespace mxpress::mta::auth
