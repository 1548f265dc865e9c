// Sources of logins: when and on which threads they are asked, and who gets the news.
#include "mta/auth/login_keeper.h"

#include <catch2/catch.hpp>
#include <climits>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "mta/auth/login.h"
#include "mta/config/config.h"
#include "mta/system/log.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::auth::FetchedSecret;
using mta::auth::LoginKeeper;
using mta::auth::LoginSource;
using mta::auth::Secret;

constexpr auto kLong = 60s;  // time limit of a test that hangs

// The results of all sources, by the name of their credentials. Any thread.
class Sources {
 public:
  // The next fetches return these, one each; the last one repeatedly. "!why" is a failure.
  void give(const std::string& name, std::deque<std::string> texts) {
    const std::lock_guard lock(mutex_);
    texts_[name] = std::move(texts);
  }
  void hang(const std::string& name) {
    const std::lock_guard lock(mutex_);
    hanging_[name] = 0;
  }
  // Releases the first `fetches`, or all of them.
  void go_on(const std::string& name, int fetches = INT_MAX) {
    const std::lock_guard lock(mutex_);
    hanging_[name] = fetches;
    changed_.notify_all();
  }
  int fetches(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return fetches_[name];
  }
  bool wait_for_fetches(const std::string& name, int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLong, [&] { return fetches_[name] >= count; });
  }
  std::thread::id last_thread() {
    const std::lock_guard lock(mutex_);
    return last_thread_;
  }

  Result<FetchedSecret> fetch(const std::string& name, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    const int number = ++fetches_[name];
    last_thread_ = std::this_thread::get_id();
    changed_.notify_all();
    changed_.wait(lock, stop, [&] { return !hanging_.contains(name) || number <= hanging_[name]; });
    if (stop.stop_requested()) return Error::transient("stopped");
    auto& texts = texts_[name];
    const std::string text = texts.empty() ? "password of " + name : texts.front();
    if (texts.size() > 1) texts.pop_front();
    if (text == "!throw") throw std::runtime_error("out of order");
    return text.starts_with('!') ? Result<FetchedSecret>(Error::transient(text.substr(1))) : FetchedSecret{Secret(text)};
  }

  LoginKeeper::MakeSource make() {
    return [this](const mta::Config& config, const std::string& name) -> std::unique_ptr<LoginSource> {
      return std::make_unique<Source>(*this, name, config.credentials.at(name).password_file.has_value());
    };
  }

 private:
  class Source final : public LoginSource {
   public:
    Source(Sources& all, std::string name, bool immediate) : all_(all), name_(std::move(name)), immediate_(immediate) {}
    Result<FetchedSecret> fetch(const std::stop_token& stop) override { return all_.fetch(name_, stop); }
    bool is_immediate() const override { return immediate_; }
    // "host/name": sources of the same host wait for each other.
    std::string queue_name() const override { return name_.find('/') == name_.npos ? std::string() : name_.substr(0, name_.find('/')); }

   private:
    Sources& all_;
    const std::string name_;
    const bool immediate_;
  };

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, std::deque<std::string>> texts_;
  std::map<std::string, int> fetches_;
  std::map<std::string, int> hanging_;  // number of fetches to release
  std::thread::id last_thread_;
};

mta::Config with_commands(const std::vector<std::string>& names, const std::string& user = "me") {
  mta::Config config;
  for (const std::string& name : names) {
    config.credentials[name].user = user;
    config.credentials[name].password_command = {"/bin/true"};
  }
  return config;
}

mta::Config with_files(const std::vector<std::string>& names) {
  mta::Config config = with_commands(names);
  for (auto& [name, credentials] : config.credentials) {
    credentials.password_command.clear();
    credentials.password_file = "/nowhere";
  }
  return config;
}

std::string password(const mta::auth::Logins& logins, const std::string& name) { return logins.at(name)->get()->password.reveal(); }

// Records the news, and waits for them.
class Told {
 public:
  explicit Told(LoginKeeper& keeper) {
    keeper.when_changed([this](const std::string& name) {
      const std::lock_guard lock(mutex_);
      names_.push_back(name);
      changed_.notify_all();
    });
  }
  bool wait_for(const std::string& name, int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLong, [&] { return std::count(names_.begin(), names_.end(), name) >= times; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> names_;
};

}  // namespace

TEST_CASE("login keeper: files are read by whoever configures it, everything else on other threads") {
  Sources sources;
  LoginKeeper keeper(sources.make());
  const auto files = keeper.configure(with_files({"a"}));
  CHECK(password(files, "a") == "password of a");
  CHECK(sources.last_thread() == std::this_thread::get_id());
  const auto commands = keeper.configure(with_commands({"b"}), kLong);
  CHECK(password(commands, "b") == "password of b");
  CHECK(sources.last_thread() != std::this_thread::get_id());
  CHECK(keeper.failures().empty());
}

TEST_CASE("login keeper: a source that hangs keeps neither the start nor other logins waiting, and is stopped at the end") {
  Sources sources;
  sources.hang("slow");
  std::optional<LoginKeeper> keeper(std::in_place, sources.make());
  Told told(*keeper);
  const auto logins = keeper->configure(with_commands({"a", "b", "slow"}), 0s);
  CHECK(told.wait_for("a"));
  CHECK(told.wait_for("b"));
  CHECK(password(logins, "b") == "password of b");
  CHECK_THAT(logins.at("slow")->get()->failure, Catch::Contains("[credentials.slow] is being fetched"));
  REQUIRE(sources.wait_for_fetches("slow", 1));
  keeper.reset();
  CHECK(logins.at("slow")->get()->password.empty());
}

TEST_CASE("login keeper: many logins at one host that hangs keep those at others waiting no longer than one does") {
  Sources sources;
  std::vector<std::string> names = {"other"};
  for (int i = 0; i < 12; ++i) names.push_back("host/" + std::to_string(i));
  for (const std::string& name : names)
    if (name != "other") sources.hang(name);
  LoginKeeper keeper(sources.make());
  Told told(keeper);
  (void)keeper.configure(with_commands(names), 0s);
  CHECK(told.wait_for("other"));
  REQUIRE(sources.wait_for_fetches("host/0", 1));
  CHECK(sources.fetches("host/1") == 0);
  sources.go_on("host/0");
  CHECK(sources.wait_for_fetches("host/1", 1));
  keeper.tell_nobody();
}

TEST_CASE("login keeper: a source with something in memory alone is asked again after a reload") {
  class Source final : public LoginSource {
   public:
    explicit Source(int number) : number_(number) {}
    Result<FetchedSecret> fetch(const std::stop_token&) override { return FetchedSecret{Secret(std::to_string(number_))}; }
    bool must_stay() const override { return number_ == 2; }

   private:
    int number_;
  };
  int made = 0;
  LoginKeeper keeper([&](const mta::Config&, const std::string&) { return std::make_unique<Source>(++made); });
  CHECK(password(keeper.configure(with_commands({"a"}), kLong), "a") == "1");
  CHECK(password(keeper.configure(with_commands({"a"}), kLong), "a") == "2");
  CHECK(password(keeper.configure(with_commands({"a"}), kLong), "a") == "2");
  CHECK(password(keeper.configure(with_commands({"a"}, "you"), kLong), "a") == "4");
}

TEST_CASE("login keeper: a login that comes late is told, and then it is there for all who refer to it") {
  Sources sources;
  sources.hang("slow");
  LoginKeeper keeper(sources.make());
  Told told(keeper);
  const auto logins = keeper.configure(with_commands({"slow"}), 0s);
  sources.go_on("slow");
  REQUIRE(told.wait_for("slow"));
  CHECK(password(logins, "slow") == "password of slow");
}

TEST_CASE("login keeper: a refused login is fetched again, and a new one is told; a file is not read again") {
  Sources sources;
  sources.give("command", {"wrong", "right"});
  LoginKeeper keeper(sources.make());
  Told told(keeper);
  auto config = with_files({"file"});
  config.credentials.merge(with_commands({"command"}).credentials);
  const auto logins = keeper.configure(config, kLong);
  REQUIRE(password(logins, "command") == "wrong");
  keeper.refused("file");
  keeper.refused("nobody");
  keeper.refused("command");
  REQUIRE(told.wait_for("command", 2));
  CHECK(password(logins, "command") == "right");
  CHECK(sources.fetches("command") == 2);
  CHECK(sources.fetches("file") == 1);
}

TEST_CASE("login keeper: a failure is one alert and a line of the status, and none of them once it has ended") {
  std::mutex mutex;
  std::vector<std::pair<mta::Priority, std::string>> lines;
  struct Context {
    std::mutex& mutex;
    std::vector<std::pair<mta::Priority, std::string>>& lines;
  } context{mutex, lines};
  const auto keep = [](const mta::LogLine& line, void* where) {
    auto& to = *static_cast<Context*>(where);
    const std::lock_guard lock(to.mutex);
    to.lines.emplace_back(line.priority(), line.text());
  };
  mta::capture_log(keep, &context);
  Sources sources;
  sources.give("a", {"!the command ended with status 1", "!the command ended with status 2", "secret"});
  LoginKeeper keeper(sources.make());
  const auto logins = keeper.configure(with_commands({"a"}), kLong);
  CHECK(keeper.failures() == std::vector<std::string>{"[credentials.a]: the command ended with status 1"});
  CHECK(logins.at("a")->get()->failure == "the command ended with status 1");
  (void)keeper.configure(with_commands({"a"}), kLong);
  CHECK(keeper.failures() == std::vector<std::string>{"[credentials.a]: the command ended with status 2"});
  CHECK(keeper.configure(with_commands({"a"}), kLong).at("a") == logins.at("a"));
  CHECK(keeper.failures().empty());
  CHECK(password(logins, "a") == "secret");
  mta::capture_log(nullptr, nullptr);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].first == mta::Priority::alert);
  CHECK_THAT(lines[0].second, Catch::Contains("[credentials.a]: the command ended with status 1"));
  CHECK(lines[1].first == mta::Priority::notice);
  CHECK_THAT(lines[1].second, !Catch::Contains("secret"));
}

TEST_CASE("login keeper: after a reload the login of the same credentials stays while it is fetched, that of others does not") {
  Sources sources;
  LoginKeeper keeper(sources.make());
  const auto before = keeper.configure(with_commands({"same", "other", "gone"}), kLong);
  auto config = with_commands({"same", "other"});
  config.credentials["other"].user = "you";
  sources.hang("same");
  sources.hang("other");
  const auto after = keeper.configure(config, 0s);
  CHECK(after.size() == 2);
  CHECK(after.at("same") == before.at("same"));
  CHECK(after.at("other") == before.at("other"));
  CHECK(password(after, "same") == "password of same");
  CHECK(after.at("other")->get()->user == "you");
  CHECK(after.at("other")->get()->password.empty());
  CHECK(password(before, "gone") == "password of gone");
}

TEST_CASE("login keeper: what a reload has overtaken changes nothing when it comes") {
  static_assert(LoginKeeper::kThreads == 4);
  Sources sources;
  for (const char* name : {"a", "b", "c"}) sources.hang(name);
  LoginKeeper keeper(sources.make());
  const auto logins = keeper.configure(with_commands({"a"}), 0s);
  REQUIRE(sources.wait_for_fetches("a", 1));
  (void)keeper.configure(with_commands({"a", "b", "c", "d"}, "you"), 0s);
  for (const auto& [name, fetches] : {std::pair("a", 2), {"b", 1}, {"c", 1}}) REQUIRE(sources.wait_for_fetches(name, fetches));
  CHECK(sources.fetches("d") == 0);
  sources.go_on("a", 1);
  REQUIRE(sources.wait_for_fetches("d", 1));  // by the one free thread, after the source of `a`
  CHECK(logins.at("a")->get()->user == "you");
  CHECK(logins.at("a")->get()->password.empty());
}

TEST_CASE("login keeper: a source with a bug is a source that fails") {
  Sources sources;
  sources.give("a", {"!throw"});
  LoginKeeper keeper(sources.make());
  (void)keeper.configure(with_commands({"a"}), kLong);
  REQUIRE(keeper.failures().size() == 1);
  CHECK_THAT(keeper.failures()[0], Catch::Contains("out of order"));
}

TEST_CASE("login keeper: nobody is told any more once it was said so, not even of a fetch under way") {
  Sources sources;
  sources.hang("a");
  LoginKeeper keeper(sources.make());
  std::atomic<int> told = 0;
  keeper.when_changed([&told](const std::string&) { ++told; });
  const auto logins = keeper.configure(with_commands({"a"}), 0s);
  REQUIRE(sources.wait_for_fetches("a", 1));
  keeper.tell_nobody();
  sources.go_on("a");
  (void)keeper.configure(with_commands({"a"}), kLong);
  CHECK(password(logins, "a") == "password of a");
  CHECK(told == 0);
}

}  // namespace mxpress::testing
