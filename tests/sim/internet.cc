// Answers questions, and opens connections.
#include "tests/sim/internet.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <charconv>

#include "tests/support/memory_stream.h"

namespace mxpress::sim {
namespace {

constexpr char kServer[] = "10.255.255.53:53";
constexpr std::chrono::seconds kTtl{300};
constexpr Duration kLookupTimeout = std::chrono::seconds(10);
constexpr Duration kRoundTrip = std::chrono::milliseconds(30);
// By the retry schedule and new mail together, in any hour: one every five minutes, and the first ones sooner.
constexpr unsigned kMostProbesAnHour = 18;

std::uint32_t number_after(std::string_view name, std::size_t prefix) {
  std::uint32_t number = 0;
  std::from_chars(name.data() + prefix, name.data() + name.size(), number);
  return number;
}

dns::Answer answer_of(dns::AnswerKind kind, const std::string& text) {
  dns::Answer answer;
  answer.kind = kind;
  answer.ttl = kTtl;
  answer.server = kServer;
  answer.text = text + " from " + kServer;
  return answer;
}

Task<void> pass(Duration duration) {
  Timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(use_task);
}

}  // namespace

class Internet::Resolver final : public dns::Resolver {
 public:
  explicit Resolver(Internet& internet) : internet_(internet) {}
  Task<dns::Answer> resolve(dns::Question question) override {
    if (question.name[0] == 'd') {
      const Destination& destination = internet_.world_.destinations[internet_.world_.destination_of(question.name)];
      const dns::Answer answer = internet_.answer_mx(destination);
      if (answer.kind == dns::AnswerKind::failed && destination.times_out) co_await pass(kLookupTimeout);
      co_return answer;
    }
    co_return internet_.answer(question);
  }

 private:
  Internet& internet_;
};

// Our end of a connection, counted from the first to the last moment.
class Internet::ClientEnd final : public mta::net::Stream {
 public:
  ClientEnd(Internet& internet, std::uint32_t host, std::unique_ptr<mta::net::Stream> stream)
      : internet_(internet), host_(host), stream_(std::move(stream)) {}
  ~ClientEnd() override { count_out(); }

  void set_deadline(BootTime deadline) override { stream_->set_deadline(deadline); }
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override { return stream_->read_some(buffer, size); }
  Task<Status> write(std::string_view bytes) override {
    if (bytes.starts_with("QUIT")) count_out();
    return stream_->write(bytes);
  }
  Task<Status> start_tls_client(std::string server_name, mta::net::TlsOffer offer) override {
    return stream_->start_tls_client(std::move(server_name), offer);
  }
  const mta::net::TlsState& tls() const override { return stream_->tls(); }
  bool has_input() override { return stream_->has_input(); }
  void close() override {
    count_out();
    stream_->close();
  }

 private:
  void count_out() {
    if (std::exchange(counted_, false)) internet_.closed(host_);
  }
  Internet& internet_;
  std::uint32_t host_;
  std::unique_ptr<mta::net::Stream> stream_;
  bool counted_ = true;
};

class Internet::Connector final : public mta::net::Connector {
 public:
  Connector(Internet& internet, Executor executor) : internet_(internet), executor_(executor) {}

  Task<Result<std::unique_ptr<mta::net::Stream>>> connect(dns::Target target, mta::net::TlsPolicy, std::optional<dns::Address>,
                                                          BootTime deadline) override {
    const Host& host = internet_.world_.hosts[number_after(target.host, 2)];
    const bool dead = host.is_dead(instant_now());
    internet_.ledger_.note(40 + dead, host.index);
    if (host.is_long_dead(instant_now()) && !host.has_partner) internet_.count_probe(host);
    if (dead && (host.kind == HostKind::hangs || host.seed % 3 == 0)) {
      co_await pass(std::chrono::duration_cast<Duration>(deadline - BootClock::now()));
      co_return Error::transient("connection timed out");
    }
    co_await pass(kRoundTrip);
    if (dead) co_return Error::transient("connection refused");
    auto [client, server] = testing::make_memory_streams(executor_);
    internet_.opened(host.index);
    asio::co_spawn(executor_, serve(internet_, host, std::move(server)), asio::detached);
    co_return std::make_unique<ClientEnd>(internet_, host.index, std::move(client));
  }

 private:
  static Task<void> serve(Internet& internet, const Host& host, std::unique_ptr<mta::net::Stream> stream) {
    MailHost session(internet.world_, host, internet.work_[host.index], internet.ledger_, internet.limits_.host, std::move(stream));
    co_await session.serve();
  }

  Internet& internet_;
  Executor executor_;
};

Internet::Internet(const World& world, Ledger& ledger, InternetLimits limits)
    : world_(world), ledger_(ledger), limits_(limits), work_(world.hosts.size()), probes_(world.hosts.size()), live_(world.hosts.size()) {}

std::shared_ptr<dns::Resolver> Internet::make_resolver() { return std::make_shared<Resolver>(*this); }

std::unique_ptr<mta::net::Connector> Internet::make_connector(asio::io_context& io) {
  return std::make_unique<Connector>(*this, io.get_executor());
}

dns::Answer Internet::answer(const dns::Question& question) const {
  if (question.type != dns::RecordType::a) return answer_of(dns::AnswerKind::no_data, "no record of this type");
  dns::Answer answer = answer_of(dns::AnswerKind::found, "found");
  answer.addresses.push_back(world_.hosts[number_after(question.name, 2)].address);
  return answer;
}

dns::Answer Internet::answer_mx(const Destination& destination) const {
  const Instant now = instant_now();
  if (destination.lookup == Lookup::no_such_domain) return answer_of(dns::AnswerKind::no_such_name, "NXDOMAIN");
  bool fails = destination.lookup == Lookup::always_fails;
  for (const Window& window : destination.failures) fails = fails || window.holds(now);
  if (fails) return answer_of(dns::AnswerKind::failed, destination.times_out ? "no answer" : "SERVFAIL");
  dns::Answer answer = answer_of(dns::AnswerKind::found, "found");
  if (destination.lookup == Lookup::null_mx) {
    answer.mx.push_back({0, ""});
    return answer;
  }
  for (const MailExchanger& mx : destination.exchangers(now)) answer.mx.push_back({mx.preference, world_.hosts[mx.host].name});
  return answer;
}

// A dead host may be probed by one probe at a time, and rarely.
void Internet::count_probe(const Host& host) {
  Probes& probes = probes_[host.index];
  const Instant now = instant_now();
  if (now - hour_ >= std::chrono::hours(1)) {
    hour_ = now;
    asked_in_hour_ = 0;
  }
  if (now - probes.hour >= std::chrono::hours(1)) probes = {now, 0};
  ++probes.count;
  const unsigned most = kMostProbesAnHour * std::max(host.sites, 1u) + 2 * asked_in_hour_;
  if (probes.count == most + 1) ledger_.wrong(host.name + " is down and was asked " + std::to_string(probes.count) + " times in an hour");
}

void Internet::opened(std::uint32_t host) {
  ++connections_;
  most_live_ = std::max(most_live_, ++live_in_all_);
  if (++live_[host] == limits_.sessions_per_site + 1) ledger_.wrong(world_.hosts[host].name + " has more connections than configured");
  if (live_in_all_ == limits_.sessions + 1) ledger_.wrong("there are more connections in all than configured");
}

void Internet::closed(std::uint32_t host) {
  --live_[host];
  --live_in_all_;
}

void Internet::crashed() { probes_.assign(world_.hosts.size(), {}); }

}  // namespace mxpress::sim
