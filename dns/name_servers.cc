// The configured name servers: see name_servers.h.
#include "dns/name_servers.h"

#include <algorithm>

namespace mxpress::dns {
namespace {

constexpr auto kAvoidSilent = std::chrono::seconds(30);
constexpr auto kBelievePositive = std::chrono::minutes(10);
constexpr std::size_t kFailuresTold = 3;

// What the servers said, in order and without repetition.
class Failures {
 public:
  void add(const std::string& text) {
    if (std::find(texts_.begin(), texts_.end(), text) == texts_.end() && texts_.size() < kFailuresTold) texts_.push_back(text);
  }
  Reading reading() const {
    Reading failed;
    for (const std::string& text : texts_) failed.answer.text += (failed.answer.text.empty() ? "" : "; ") + text;
    if (texts_.empty()) failed.answer.text = "no name server could be asked in time";
    return failed;
  }

 private:
  std::vector<std::string> texts_;
};

}  // namespace

NameServers::NameServers(ResolverOptions options, std::uint64_t seed) : options_(std::move(options)), random_(seed) {
  for (const ServerConfig& config : options_.servers) servers_.push_back({.config = config});
}

BootTime NameServers::deadline(BootTime now) const {
  const auto tries = static_cast<int>(servers_.size()) * options_.attempts;
  return now + std::min(options_.total, options_.timeout * std::max(tries, 1));
}

Task<Reading> NameServers::ask(Question question, BootTime deadline) {
  Failures failures;
  std::vector<Server*> left = in_order(BootClock::now());
  for (int round = 0; round < options_.attempts && !left.empty(); ++round) {
    std::vector<Server*> silent;
    for (Server* server : left) {
      if (BootClock::now() >= deadline) break;
      Result<Reading> reading = co_await ask_server(*server, question, deadline);
      if (reading && (reading->leads_elsewhere || reading->answer.kind != AnswerKind::failed)) co_return std::move(*reading);
      failures.add(reading ? reading->answer.text : reading.error().message);
      if (!reading) silent.push_back(server);
    }
    left = std::move(silent);
  }
  co_return failures.reading();
}

std::vector<NameServers::Server*> NameServers::in_order(BootTime now) {
  std::vector<Server*> order;
  for (Server& server : servers_) order.push_back(&server);
  if (options_.rotate && !order.empty()) std::rotate(order.begin(), order.begin() + next_first_++ % order.size(), order.end());
  std::vector<Server*> silent;
  std::copy_if(order.begin(), order.end(), std::back_inserter(silent), [now](const Server* server) { return server->avoid_until > now; });
  std::erase_if(order, [now](const Server* server) { return server->avoid_until > now; });
  order.insert(order.end(), silent.begin(), silent.end());
  return order;
}

// A Reading is what the server said; an Error means that it said nothing that could be read.
Task<Result<Reading>> NameServers::ask_server(Server& server, Question question, BootTime deadline) {
  const std::string from = " from " + server.config.to_string();
  Result<Packet> packet = co_await query(server, question, deadline);
  if (!packet) co_return Error::transient(packet.error().message + from);
  Reading reading = read_answer(question, *packet);
  Answer& answer = reading.answer;
  if (answer.kind == AnswerKind::found || reading.aliases > 0) server.believed_until = BootClock::now() + kBelievePositive;
  if (answer.kind == AnswerKind::no_such_name && !co_await is_believable(server, reading.negative_zone, deadline)) {
    answer.kind = AnswerKind::failed;
    answer.text = "NXDOMAIN (not believed: this server has not found any name lately, nor the root)";
  }
  answer.authenticated = answer.authenticated && (server.config.trusted || is_loopback(server.config.address));
  answer.server = server.config.to_string();
  answer.text += from;
  co_return reading;
}

Task<Result<Packet>> NameServers::query(Server& server, Question question, BootTime deadline) {
  Protocol protocol = options_.use_vc ? Protocol::tcp : Protocol::udp;
  Edns edns = Edns::with;
  Result<Packet> packet = co_await try_once(server, protocol, question, edns, deadline);
  // RFC 6891 7: a server that knows no EDNS answers FORMERR.
  if (packet && (packet->code == ReplyCode::format_error || packet->code == ReplyCode::bad_version)) {
    edns = Edns::without;
    packet = co_await try_once(server, protocol, question, edns, deadline);
  }
  if (packet && packet->is_truncated) packet = co_await try_once(server, Protocol::tcp, question, edns, deadline);
  co_return packet;
}

Task<Result<Packet>> NameServers::try_once(Server& server, Protocol protocol, Question question, Edns edns, BootTime deadline) {
  const BootTime try_until = std::min(deadline, BootClock::now() + options_.timeout);
  Result<Packet> packet = co_await exchange(server.config, protocol, std::move(question), edns, random_, try_until);
  server.avoid_until = packet ? BootTime::min() : BootClock::now() + kAvoidSilent;
  co_return packet;
}

// A resolver without a way out (a captive portal, a machine that is still starting) may deny every name: mail must not bounce for that.
// One that can name the root's servers, or has the zone itself, is believed.
Task<bool> NameServers::is_believable(Server& server, std::string zone, BootTime deadline) {
  if (BootClock::now() < server.believed_until) co_return true;
  if (co_await has_positive_answer(server, Question{"", RecordType::ns}, deadline)) co_return true;
  if (zone.empty()) co_return false;
  co_return co_await has_positive_answer(server, Question{std::move(zone), RecordType::soa}, deadline);
}

Task<bool> NameServers::has_positive_answer(Server& server, Question question, BootTime deadline) {
  const Result<Packet> packet = co_await query(server, question, deadline);
  if (!packet || read_answer(question, *packet).answer.kind != AnswerKind::found) co_return false;
  server.believed_until = BootClock::now() + kBelievePositive;
  co_return true;
}

}  // namespace mxpress::dns
