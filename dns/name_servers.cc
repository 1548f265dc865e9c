// The configured name servers: see name_servers.h.
#include "dns/name_servers.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <functional>
#include <optional>

namespace mxpress::dns {
namespace {

constexpr auto kAvoidSilent = std::chrono::seconds(30);
constexpr auto kUntilNotFull = std::chrono::seconds(1);
constexpr auto kBelievePositive = std::chrono::minutes(10);
constexpr std::size_t kFailuresTold = 3;

// The failures of the servers, in order and without repetition.
class Failures {
 public:
  void add(const Result<Reading>& reading) {
    is_refused_ |= reading && reading->answer.is_refused;
    add(reading ? reading->answer.text : reading.error().message);
  }
  void add(const std::string& text) {
    if (std::find(texts_.begin(), texts_.end(), text) == texts_.end() && texts_.size() < kFailuresTold) texts_.push_back(text);
  }
  Reading reading() const {
    Reading failed;
    for (const std::string& text : texts_) failed.answer.text += (failed.answer.text.empty() ? "" : "; ") + text;
    if (texts_.empty()) failed.answer.text = "no name server could be asked in time";
    failed.answer.is_refused = is_refused_;
    return failed;
  }

 private:
  std::vector<std::string> texts_;
  bool is_refused_ = false;
};

// If a domain has no address, it counts as having no mail host: mail to it is returned at once. RFC 9824: a zone may answer NODATA for
// names that do not exist.
bool may_return_mail(const Question& question, const Answer& answer) {
  const bool asks_address = question.type == RecordType::a || question.type == RecordType::aaaa;
  return answer.kind == AnswerKind::no_such_name || (answer.kind == AnswerKind::no_data && asks_address);
}

}  // namespace

// One question to one server, with the follow-ups: without EDNS, by TCP, checking whether a denial is believable.
struct NameServers::Try {
  explicit Try(Server& asked) : server(asked) {}
  Server& server;
  BootTime asked = BootTime::min();     // start of the latest exchange
  BootTime patience = BootTime::max();  // time at which the next server is asked; each exchange of the try moves it
  bool ended = false;
  bool has_spoken = false;  // it sent a readable packet, and not REFUSED
  bool is_told = false;     // its silence is already listed in the failures
  asio::cancellation_signal stop;
};

// The tries of one ask().
struct NameServers::Race {
  explicit Race(Executor executor) : news(executor) {}
  Timer news;  // ask() waits on it; a try that ends cancels it
  std::vector<std::shared_ptr<Try>> tries;
  std::optional<Reading> won;
  std::exception_ptr bug;
  Failures failures;
  BootTime refused_at = BootTime::min();  // the latest REFUSED

  bool is_over() const { return won || bug; }
  bool has_spoken(const Server* server) const {
    return std::any_of(tries.begin(), tries.end(), [server](const auto& one) { return &one->server == server && one->has_spoken; });
  }
  void stop_tries() {
    for (const auto& one : tries)
      if (!one->ended) one->stop.emit(asio::cancellation_type::terminal);
  }
};

NameServers::NameServers(ResolverOptions options, std::uint64_t seed) : options_(std::move(options)), random_(seed) {
  for (const ServerConfig& config : options_.servers) servers_.push_back({.config = config});
}

BootTime NameServers::deadline(BootTime now) const {
  const auto tries = static_cast<int>(servers_.size()) * options_.attempts;
  return now + std::min(options_.total, options_.timeout * std::max(tries, 1));
}

Task<Reading> NameServers::ask(Question question, BootTime deadline) {
  const auto race = std::make_shared<Race>(co_await asio::this_coro::executor);
  std::vector<Server*> left = in_order(BootClock::now());
  for (int round = 0; round < options_.attempts && !left.empty(); ++round) {
    co_await wait_after_refusal(race, deadline);
    for (Server* server : left) {
      if (race->is_over() || BootClock::now() >= deadline) break;
      if (!race->has_spoken(server)) co_await wait_for(race, start(race, *server, question, deadline), deadline);
    }
    std::erase_if(left, [&race](const Server* server) { return race->has_spoken(server); });
  }
  race->stop_tries();
  if (race->bug) std::rethrow_exception(race->bug);
  co_return race->won ? std::move(*race->won) : race->failures.reading();
}

// A name server may say REFUSED because it is full: dnsmasq does while 150 questions are under way.
Task<void> NameServers::wait_after_refusal(std::shared_ptr<Race> race, BootTime deadline) {
  if (race->refused_at == BootTime::min()) co_return;
  const BootTime until = std::min(race->refused_at + kUntilNotFull, deadline);
  while (!race->is_over() && BootClock::now() < until) {
    race->news.expires_at(until);
    co_await race->news.async_wait(asio::as_tuple(use_task));
  }
}

std::shared_ptr<NameServers::Try> NameServers::start(const std::shared_ptr<Race>& race, Server& server, const Question& question,
                                                     BootTime deadline) {
  const auto attempt = std::make_shared<Try>(server);
  attempt->patience = BootClock::now() + options_.timeout;
  race->tries.push_back(attempt);
  auto ended = [race, attempt](std::exception_ptr error) {
    attempt->ended = true;
    if (error && !race->is_over()) race->bug = error;
    race->news.cancel();
  };
  asio::co_spawn(race->news.get_executor(), run(shared_from_this(), race, attempt, question, deadline),
                 asio::bind_cancellation_slot(attempt->stop.slot(), std::move(ended)));
  return attempt;
}

// Waits until the try has ended, its server has been silent for too long, or another try has won.
Task<void> NameServers::wait_for(std::shared_ptr<Race> race, std::shared_ptr<Try> attempt, BootTime deadline) {
  const BootTime begun = BootClock::now();
  while (!attempt->ended && !race->is_over()) {
    const BootTime until = std::min(attempt->patience, deadline);
    if (BootClock::now() >= until) break;
    race->news.expires_at(until);
    co_await race->news.async_wait(asio::as_tuple(use_task));
  }
  if (attempt->ended || race->is_over()) co_return;
  attempt->is_told = true;
  note_silence(*attempt);
  race->failures.add(silence(BootClock::now() - begun) + " from " + attempt->server.config.to_string());
}

Task<void> NameServers::run(std::shared_ptr<NameServers> self, std::shared_ptr<Race> race, std::shared_ptr<Try> attempt, Question question,
                            BootTime deadline) {
  Result<Reading> reading = co_await self->ask_server(*attempt, std::move(question), deadline);
  attempt->has_spoken = reading && !reading->answer.is_refused;
  if (reading && reading->answer.is_refused) race->refused_at = BootClock::now();
  if (race->is_over()) co_return;
  if (reading && (reading->leads_elsewhere || reading->answer.kind != AnswerKind::failed)) {
    race->won = std::move(*reading);
  } else if (!attempt->is_told) {
    race->failures.add(reading);
  }
}

// Silent servers of a domain must not make the servers configured here look silent: they answer other questions meanwhile.
void NameServers::note_silence(const Try& attempt) {
  if (attempt.server.spoke_at < attempt.asked) attempt.server.avoid_until = BootClock::now() + kAvoidSilent;
}

// Servers that were silent lately come last, if a better one is known.
std::vector<NameServers::Server*> NameServers::in_order(BootTime now) {
  std::vector<Server*> order;
  for (Server& server : servers_) order.push_back(&server);
  if (options_.rotate && !order.empty()) std::rotate(order.begin(), order.begin() + next_first_++ % order.size(), order.end());
  const auto was_silent = [now](const Server* server) { return server->avoid_until > now; };
  const bool any_better = std::any_of(order.begin(), order.end(), [&was_silent](const Server* server) {
    return !was_silent(server) && server->spoke_at != BootTime::min();
  });
  if (!any_better) return order;
  std::vector<Server*> sorted;
  std::copy_if(order.begin(), order.end(), std::back_inserter(sorted), std::not_fn(was_silent));
  std::copy_if(order.begin(), order.end(), std::back_inserter(sorted), was_silent);
  return sorted;
}

// A Reading is the server's answer; an Error means that it sent nothing readable.
Task<Result<Reading>> NameServers::ask_server(Try& attempt, Question question, BootTime deadline) {
  Server& server = attempt.server;
  const std::string from = " from " + server.config.to_string();
  Result<Packet> packet = co_await query(attempt, question, deadline);
  if (!packet) co_return Error::transient(packet.error().message + from);
  Reading reading = read_answer(question, *packet);
  Answer& answer = reading.answer;
  if (answer.kind == AnswerKind::found || reading.aliases > 0) server.believed_until = BootClock::now() + kBelievePositive;
  if (may_return_mail(question, answer) && !co_await is_believable(attempt, reading.negative_zone, deadline)) {
    answer.kind = AnswerKind::failed;
    answer.text += " (not believed: this server has not found any name lately, nor the root)";
  }
  answer.authenticated = answer.authenticated && is_ad_trusted(server.config);
  answer.server = server.config.to_string();
  answer.text += from;
  co_return reading;
}

Task<Result<Packet>> NameServers::query(Try& attempt, Question question, BootTime deadline) {
  Protocol protocol = options_.use_vc ? Protocol::tcp : Protocol::udp;
  Edns edns = Edns::with;
  Result<Packet> packet = co_await exchange_once(attempt, protocol, question, edns, deadline);
  // RFC 6891 7: a server that knows no EDNS answers FORMERR.
  if (packet && (packet->code == ReplyCode::format_error || packet->code == ReplyCode::bad_version)) {
    edns = Edns::without;
    packet = co_await exchange_once(attempt, protocol, question, edns, deadline);
  }
  if (packet && packet->is_truncated) packet = co_await exchange_once(attempt, Protocol::tcp, question, edns, deadline);
  co_return packet;
}

Task<Result<Packet>> NameServers::exchange_once(Try& attempt, Protocol protocol, Question question, Edns edns, BootTime deadline) {
  attempt.asked = BootClock::now();
  attempt.patience = attempt.asked + options_.timeout;
  Result<Packet> packet = co_await exchange(attempt.server.config, protocol, std::move(question), edns, random_, deadline);
  if (!packet) {
    note_silence(attempt);
    co_return packet;
  }
  attempt.server.spoke_at = BootClock::now();
  attempt.server.avoid_until = BootTime::min();
  co_return packet;
}

// A resolver without a connection (a captive portal, a machine that is still starting) may deny everything: mail must not bounce for that.
// A server is believed if it can name the root's servers, or has the zone itself.
Task<bool> NameServers::is_believable(Try& attempt, std::string zone, BootTime deadline) {
  if (BootClock::now() < attempt.server.believed_until) co_return true;
  if (co_await has_positive_answer(attempt, Question{"", RecordType::ns}, deadline)) co_return true;
  if (zone.empty()) co_return false;
  co_return co_await has_positive_answer(attempt, Question{std::move(zone), RecordType::soa}, deadline);
}

Task<bool> NameServers::has_positive_answer(Try& attempt, Question question, BootTime deadline) {
  const Result<Packet> packet = co_await query(attempt, question, deadline);
  if (!packet || read_answer(question, *packet).answer.kind != AnswerKind::found) co_return false;
  attempt.server.believed_until = BootClock::now() + kBelievePositive;
  co_return true;
}

}  // namespace mxpress::dns
