// The resolver of mxpress: see stub_resolver.h.
#include "dns/stub_resolver.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <map>
#include <optional>
#include <random>

#include "dns/name_servers.h"
#include "dns/resolv_conf_file.h"

namespace mxpress::dns {
namespace {

Answer failure(std::string text) {
  Answer answer;
  answer.text = std::move(text);
  return answer;
}

Question normalized(Question question) {
  for (char& c : question.name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (question.name.ends_with('.')) question.name.pop_back();
  return question;
}

// Adds the next answer of a chain of CNAMEs: TTL and authenticity are the lowest of the chain.
void join(Answer& chain, Answer next) {
  next.ttl = std::min(chain.ttl, next.ttl);
  next.authenticated = chain.authenticated && next.authenticated;
  chain = std::move(next);
}

}  // namespace

// Shared by the resolver and its coroutines in flight: the last of them destroys it.
class StubResolver::Core {
 public:
  Core(Executor executor, StubConfig config, std::uint64_t seed) : executor_(executor), random_(seed) { reconfigure(std::move(config)); }

  void reconfigure(StubConfig config) {
    file_.reset();
    if (!config.resolv_conf.empty()) file_.emplace(config.resolv_conf);
    cache_ = Cache(config.cache);
    config_ = std::move(config);
    use(with_overrides(config_.options));
  }

  // Checks resolv.conf for changes, if it is followed.
  const ResolverOptions& current_options() {
    if (file_) {
      ResolverOptions options = with_overrides(file_->current(BootClock::now()));
      if (options != servers_->options()) use(std::move(options));
    }
    return servers_->options();
  }

  static Task<Answer> resolve(std::shared_ptr<Core> core, Question question) {
    question = normalized(std::move(question));
    core->current_options();
    if (std::optional<Answer> cached = core->cache_.find(question, BootClock::now())) co_return std::move(*cached);
    if (const auto flight = core->flights_.find(question); flight != core->flights_.end()) co_return co_await join_flight(flight->second);
    co_return co_await core->fly(std::move(question));
  }

 private:
  // A question in progress. Coroutines that ask the same question wait on its timer and share it.
  struct Flight {
    Flight(Executor executor, BootTime deadline) : landed(executor, deadline) {}
    Timer landed;
    std::optional<Answer> answer;
  };

  // Ends the flight, however its coroutine ends.
  class Landing {
   public:
    Landing(Core& core, Question question, std::shared_ptr<Flight> flight)
        : core_(core), question_(std::move(question)), flight_(std::move(flight)) {
      core_.flights_[question_] = flight_;
    }
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;
    ~Landing() {
      core_.flights_.erase(question_);
      flight_->landed.cancel();
    }

   private:
    Core& core_;
    Question question_;
    std::shared_ptr<Flight> flight_;
  };

  ResolverOptions with_overrides(ResolverOptions options) const {
    options.total = config_.options.total;
    options.timeout = config_.timeout.value_or(options.timeout);
    options.attempts = config_.attempts.value_or(options.attempts);
    return options;
  }

  void use(ResolverOptions options) {
    servers_ = std::make_shared<NameServers>(std::move(options), random_());
    cache_.clear();
  }

  static Task<Answer> join_flight(std::shared_ptr<Flight> flight) {
    co_await flight->landed.async_wait(asio::as_tuple(use_task));
    if (!flight->answer) co_return failure("the question to the DNS was given up");
    co_return *flight->answer;
  }

  Task<Answer> fly(Question question) {
    const std::shared_ptr<NameServers> servers = servers_;
    const auto flight = std::make_shared<Flight>(executor_, servers->deadline(BootClock::now()) + std::chrono::seconds(1));
    const Landing landing(*this, question, flight);
    flight->answer = co_await ask(*servers, question);
    if (servers == servers_) cache_.store(question, *flight->answer, BootClock::now());
    co_return *flight->answer;
  }

  // RFC 1034 3.6.2: an alias whose target is not in the answer is followed by further questions.
  static Task<Answer> ask(NameServers& servers, Question question) {
    const BootTime deadline = servers.deadline(BootClock::now());
    Answer chain;
    chain.ttl = std::chrono::hours(24);
    chain.authenticated = true;
    int aliases = 0;
    while (aliases <= kMaxAliases) {
      Reading reading = co_await servers.ask(question, deadline);
      join(chain, std::move(reading.answer));
      if (!reading.leads_elsewhere) co_return chain;
      aliases += reading.aliases;
      question.name = chain.canonical_name;
    }
    co_return failure("more than " + std::to_string(kMaxAliases) + " CNAMEs in a row, or a loop of CNAMEs, from " + chain.server);
  }

  Executor executor_;
  std::mt19937_64 random_;
  StubConfig config_;
  std::optional<ResolvConfFile> file_;
  std::shared_ptr<NameServers> servers_;  // shared with the questions in flight, which keep theirs when the configuration changes
  Cache cache_;
  std::map<Question, std::shared_ptr<Flight>> flights_;
};

StubResolver::StubResolver(Executor executor, StubConfig config, std::uint64_t seed)
    : core_(std::make_shared<Core>(executor, std::move(config), seed)) {}

StubResolver::~StubResolver() = default;

Task<Answer> StubResolver::resolve(Question question) { return Core::resolve(core_, std::move(question)); }

void StubResolver::reconfigure(StubConfig config) { core_->reconfigure(std::move(config)); }

std::vector<std::string> StubResolver::servers() {
  std::vector<std::string> texts;
  for (const ServerConfig& server : core_->current_options().servers) texts.push_back(server.to_string());
  return texts;
}

}  // namespace mxpress::dns
