// Decides how answers become authenticated, and tests it: see validator.h.
#include "dns/validator.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <ctime>
#include <mutex>
#include <utility>

#include "dns/resolv_conf_file.h"
#include "dns/self_test.h"
#include "dns/validation_lanes.h"

namespace mxpress::dns {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using By = Authentication::By;

constexpr auto kTestAgain = minutes(60);        // while answers are authenticated
constexpr auto kFirstWait = minutes(1);         // while nobody authenticates; doubled each time
constexpr auto kFirstWaitUnknown = seconds(5);  // while no name server answers; the same, up to a minute
constexpr auto kLook = seconds(5);              // how often resolv.conf is looked at
constexpr auto kFreshTest = seconds(10);        // a failed answer does not cause another test so soon after one
constexpr auto kPatience = seconds(30);         // for one question
constexpr auto kDoubt = minutes(5);             // tests that get no answer change nothing for so long

bool is_negative(const Answer& answer) { return answer.kind == AnswerKind::no_such_name || answer.kind == AnswerKind::no_data; }

std::string names_of(const std::vector<ServerConfig>& servers) {
  std::string names;
  for (const ServerConfig& server : servers) names.append(names.empty() ? "" : ", ").append(server.to_string());
  return names;
}

}  // namespace

// Shared by the owner and the coroutines in progress.
class Validator::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Executor executor, ValidatorConfig config, Report report, std::uint64_t seed)
      : executor_(executor),
        report_(report ? std::move(report) : [](bool, const std::string&) {}),
        stub_(executor, config.stub, seed),
        wake_(executor),
        test_ended_(executor, BootTime::max()) {
    use(std::move(config));
  }

  Executor executor() const { return executor_; }

  Authentication state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }

  void reconfigure(ValidatorConfig config) {
    stub_.reconfigure(config.stub);
    use(std::move(config));
    close_library();  // its cache is emptied, as that of the stub is
    set_state({By::unknown, "not tested yet"});
    ask_for_test();
  }

  void stop() {
    is_stopped_ = true;
    close_library();
    if (candidate_) candidate_->close();
    wake_.cancel();
    test_ended_.cancel();
  }

  // Tests until the end.
  static Task<void> run(std::shared_ptr<Core> core) {
    while (!core->is_stopped_) {
      core->is_test_wanted_ = false;
      core->is_testing_ = true;
      co_await core->test();
      core->is_testing_ = false;
      core->tested_at_ = BootClock::now();
      core->test_ended_.cancel();
      co_await core->wait_for_next_test();
    }
  }

  static Task<void> tested(std::shared_ptr<Core> core) {
    if (core->is_stopped_ || (core->state().by != By::unknown && !core->is_testing_)) co_return;
    if (!core->is_testing_ && BootClock::now() < core->tested_at_ + kFirstWaitUnknown) co_return;
    co_await core->wait_for_test();
  }

  static Task<std::optional<Answer>> resolve(std::shared_ptr<Core> core, Question question, proto::ShareOwner owner) {
    if (core->state().by == By::unknown) co_await tested(core);
    if (core->state().by == By::unknown) {
      if (std::optional<Answer> failed = co_await core->look_without_test(question)) co_return failed;
    }
    if (!core->library_) co_return std::nullopt;
    std::optional<Question> beside;
    if (question.type == RecordType::mx && core->forwards_) beside = Question{question.name, RecordType::ds};
    ValidatedAnswer found = co_await core->library_->ask(question, std::move(beside), owner, BootClock::now() + kPatience);
    Answer& answer = found.answer;
    if (answer.kind == AnswerKind::failed) {
      co_await core->test_after_failure();
      if (core->state().by != By::library && core->state().by != By::unknown) co_return std::nullopt;
      co_return std::move(answer);
    }
    if (is_negative(answer) && !answer.authenticated) co_return std::nullopt;
    co_return std::move(answer);
  }

 private:
  void use(ValidatorConfig config) {
    config_ = std::move(config);
    file_.reset();
    if (!config_.stub.resolv_conf.empty()) file_.emplace(config_.stub.resolv_conf);
    failures_ = 0;
  }

  const std::vector<ServerConfig>& servers() { return file_ ? file_->current(BootClock::now()).servers : config_.stub.options.servers; }

  // Nothing is known about signatures, because no name server has an answer about the root. If they have none to this question either, that
  // is the answer. Else the DNS has come back since the test, or it is one without a root.
  Task<std::optional<Answer>> look_without_test(Question question) {
    Answer answer = co_await stub_.resolve(std::move(question));
    if (answer.kind == AnswerKind::failed) co_return std::move(answer);
    co_await wait_for_test();
    if (state().by == By::unknown) set_state({By::nobody, "the name servers have no answer about the root: " + state().text});
    co_return std::nullopt;
  }

  void set_state(Authentication state) {
    {
      const std::lock_guard lock(mutex_);
      if (state == state_) return;
      state_ = state;
    }
    if (state.by != By::unknown && config_.is_wanted) report_(state.by == By::nobody, (state.is_on() ? "on: " : "off: ") + state.text);
  }

  void ask_for_test() {
    is_test_wanted_ = true;
    wake_.cancel();
  }

  Task<void> wait_for_test() {
    if (!is_testing_) ask_for_test();
    const auto self = shared_from_this();
    co_await self->test_ended_.async_wait(asio::as_tuple(use_task));
  }

  // Whether signatures come through at all decides between one domain's failure and everybody's.
  Task<void> test_after_failure() {
    const bool is_fresh = !is_testing_ && BootClock::now() < tested_at_ + kFreshTest;
    if (is_stopped_ || is_fresh) co_return;
    co_await wait_for_test();
  }

  Task<void> wait_for_next_test() {
    const BootTime next = BootClock::now() + time_to_next_test();
    const std::vector<ServerConfig> tested = tested_servers_;
    while (!is_stopped_ && !is_test_wanted_ && BootClock::now() < next && servers() == tested) {
      wake_.expires_at(std::min<BootTime>(next, BootClock::now() + kLook));
      co_await wake_.async_wait(asio::as_tuple(use_task));
    }
    if (servers() != tested) failures_ = 0;
  }

  BootClock::duration time_to_next_test() {
    const bool is_unknown = state().by == By::unknown || !is_sure_;
    if (!is_unknown && (state().is_on() || !config_.is_wanted)) {
      failures_ = 0;
      return kTestAgain;
    }
    const BootClock::duration first = is_unknown ? BootClock::duration(kFirstWaitUnknown) : BootClock::duration(kFirstWait);
    const BootClock::duration longest = is_unknown ? BootClock::duration(kFirstWait) : BootClock::duration(kTestAgain);
    return std::min(longest, first * (1 << std::min(failures_++, 10)));
  }

  Task<void> test() {
    tested_servers_ = servers();
    is_sure_ = true;
    if (!config_.is_wanted) co_return set_without_library({By::nobody, "nobody asks for it"});
    std::string why_not_by_server;
    if (config_.validate != Validate::always) {
      const ServerTest server = co_await test_name_servers(stub_, tested_servers_);
      if (is_stopped_) co_return;
      if (server.is_trusted && server.result == TestResult::passed) co_return set_without_library({By::name_server, server.text});
      // A closed network may have no root, but signed zones that this name server knows.
      is_sure_ = server.result != TestResult::no_answer;
      if (server.is_trusted && !is_sure_) co_return set_without_library({By::name_server, server.text});
      why_not_by_server = server.text;
    }
    if (config_.validate == Validate::never) co_return set_without_library({By::nobody, why_not_by_server});
    co_await look_for_library(std::move(why_not_by_server));
  }

  void close_library() {
    if (library_) library_->close();
    library_.reset();
    in_doubt_since_.reset();
  }

  void set_without_library(Authentication state) {
    close_library();
    set_state(std::move(state));
  }

  // Forwarding comes first: the name servers have a cache, and port 53 of others may be closed.
  Task<void> look_for_library(std::string why_not_by_server) {
    const AnchorStore store(config_.trust_anchor, config_.anchor_folder);
    Result<Anchors> anchors = store.open();
    if (!anchors) co_return set_without_library({By::nobody, anchors.error().message});
    tell_about(*anchors);
    std::string failures;
    bool is_withheld = false;  // by the way in use
    for (const bool forwards : {true, false}) {
      if (!forwards && config_.root_hints.empty()) break;
      UnboundSettings settings{forwards ? tested_servers_ : std::vector<ServerConfig>(), config_.root_hints, *anchors};
      LibraryTest test = co_await test_with(settings);
      if (is_stopped_) co_return;
      if (test.is_bogus && store.replace_if_outdated()) {
        report_(true, "the trust anchors of the DNS root were out of date, and were replaced by those of " + config_.trust_anchor);
        test = co_await test_with(settings);
        if (is_stopped_) co_return;
      }
      if (test.result == TestResult::passed) co_return use_candidate(forwards);
      is_withheld |= test.result == TestResult::failed && forwards == forwards_;
      failures.append(failures.empty() ? "" : "; ").append(test.text);
    }
    if (library_ && !is_withheld && is_in_doubt()) {
      is_sure_ = false;
      co_return;
    }
    if (!co_await is_reachable()) {
      // The DNS is out of order, which says nothing about signatures: mail waits rather than goes without DANE.
      if (!library_) set_state({By::unknown, failures});
      co_return;
    }
    if (!why_not_by_server.empty()) failures = why_not_by_server + "; " + failures;
    set_without_library({By::nobody, std::move(failures)});
  }

  // Name servers that are full for a while give a test no answer, too, and whoever fills them must not turn DANE off.
  bool is_in_doubt() {
    if (!in_doubt_since_) in_doubt_since_ = BootClock::now();
    return BootClock::now() < *in_doubt_since_ + kDoubt;
  }

  Task<LibraryTest> test_with(UnboundSettings settings) {
    Result<std::shared_ptr<ValidationLanes>> opened = ValidationLanes::open(executor_, settings);
    if (!opened) co_return LibraryTest{.text = opened.error().message};
    candidate_ = *opened;
    co_return co_await test_library(std::move(*opened));
  }

  // An instance in use goes on with its cache.
  void use_candidate(bool forwards) {
    if (!library_ || forwards != forwards_ || library_servers_ != tested_servers_) {
      close_library();
      library_ = std::move(candidate_);
    }
    candidate_.reset();
    in_doubt_since_.reset();
    forwards_ = forwards;
    library_servers_ = tested_servers_;
    set_state({By::library, forwards ? "answers of " + names_of(tested_servers_) + " are validated here"
                                     : "answers of the zones' own servers are validated here, because " + names_of(tested_servers_) +
                                           " withholds signatures"});
  }

  void tell_about(const Anchors& anchors) {
    if (anchors.note != told_note_ && !anchors.note.empty()) report_(true, anchors.note);
    told_note_ = anchors.note;
  }

  Task<bool> is_reachable() {
    Question question{"", RecordType::ns};
    const Answer root = co_await stub_.resolve(std::move(question));
    co_return root.kind == AnswerKind::found;
  }

  const Executor executor_;
  const Report report_;
  ValidatorConfig config_;
  StubResolver stub_;
  std::optional<ResolvConfFile> file_;
  std::shared_ptr<ValidationLanes> library_;    // in use; null: none
  std::shared_ptr<ValidationLanes> candidate_;  // under test
  bool forwards_ = false;
  std::vector<ServerConfig> library_servers_, tested_servers_;
  std::string told_note_;
  bool is_stopped_ = false, is_testing_ = false, is_test_wanted_ = false;
  BootTime tested_at_ = BootTime::min();
  std::optional<BootTime> in_doubt_since_;  // the last tests of the library in use got no answer
  bool is_sure_ = true;                     // the last test of the name servers had an answer
  int failures_ = 0;                        // tests in a row
  Timer wake_;                              // the next test
  Timer test_ended_;                        // never expires; cancelled when a test has ended
  mutable std::mutex mutex_;
  Authentication state_{By::unknown, "not tested yet"};  // under mutex_
};

Validator::Validator(Executor executor, ValidatorConfig config, Report report, std::uint64_t seed)
    : core_(std::make_shared<Core>(executor, std::move(config), std::move(report), seed)) {}

Validator::~Validator() { core_->stop(); }

void Validator::start() { asio::co_spawn(core_->executor(), Core::run(core_), asio::detached); }

void Validator::reconfigure(ValidatorConfig config) { core_->reconfigure(std::move(config)); }

Authentication Validator::state() const { return core_->state(); }

Executor Validator::executor() const { return core_->executor(); }

Task<void> Validator::tested() { return Core::tested(core_); }

Task<std::optional<Answer>> Validator::resolve(Question question, proto::ShareOwner owner) {
  return Core::resolve(core_, std::move(question), owner);
}

}  // namespace mxpress::dns
