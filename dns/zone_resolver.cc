// Finds the name servers of a zone and asks them.
#include "dns/zone_resolver.h"

#include <algorithm>
#include <optional>

#include "dns/name_servers.h"

namespace mxpress::dns {
namespace {

constexpr auto kTimeout = std::chrono::seconds(2);  // for one server; the usual resolver is asked afterwards
constexpr auto kTotal = std::chrono::seconds(10);
constexpr auto kClosedFor = std::chrono::minutes(10);

// The part behind the last label that begins with '_'.
std::string without_underscores(std::string name) {
  for (auto at = name.find('_'); at != name.npos; at = name.find('_')) {
    const auto dot = name.find('.', at);
    name = dot == name.npos ? std::string() : name.substr(dot + 1);
  }
  return name;
}

std::string parent_of(const std::string& name) {
  const auto dot = name.find('.');
  return dot == name.npos ? std::string() : name.substr(dot + 1);
}

}  // namespace

ZoneResolver::ZoneResolver(std::shared_ptr<Resolver> usual, std::uint64_t seed, std::uint16_t port)
    : usual_(std::move(usual)), seed_(seed), port_(port) {}

Task<Answer> ZoneResolver::resolve(Question question) {
  std::optional<Answer> found;
  if (BootClock::now() >= closed_until_) {
    std::vector<std::string> hosts = co_await name_servers_of(without_underscores(question.name));
    const std::vector<Address> servers = co_await addresses_of(std::move(hosts));
    const BootTime deadline = BootClock::now() + kTotal;
    for (const Address& server : servers) {
      Answer answer = co_await ask(server, question, deadline);
      if (answer.kind == AnswerKind::failed) continue;
      const bool is_denial = answer.kind != AnswerKind::found;
      if (!found || is_denial) found = std::move(answer);
      if (is_denial) co_return std::move(*found);
    }
    if (!found && !servers.empty()) closed_until_ = BootClock::now() + kClosedFor;
  }
  if (found) co_return std::move(*found);
  co_return co_await usual_->resolve(std::move(question));
}

// The name servers of the zone that the name is in. Empty: not found.
Task<std::vector<std::string>> ZoneResolver::name_servers_of(std::string name) {
  for (; name.find('.') != name.npos; name = parent_of(name)) {
    Question question{name, RecordType::ns};
    Answer answer = co_await usual_->resolve(std::move(question));
    if (answer.kind == AnswerKind::found) co_return std::move(answer.texts);
    if (answer.kind == AnswerKind::failed) break;
  }
  co_return std::vector<std::string>();
}

// The first address of each host first.
Task<std::vector<Address>> ZoneResolver::addresses_of(std::vector<std::string> hosts) {
  std::vector<Address> first, others;
  if (hosts.size() > kMostServers) hosts.resize(kMostServers);
  for (const std::string& host : hosts) {
    std::vector<Address> own;
    for (const RecordType type : {RecordType::a, RecordType::aaaa}) {
      Question question{host, type};
      const Answer answer = co_await usual_->resolve(std::move(question));
      own.insert(own.end(), answer.addresses.begin(), answer.addresses.end());
    }
    if (own.empty()) continue;
    first.push_back(own.front());
    others.insert(others.end(), own.begin() + 1, own.end());
  }
  first.insert(first.end(), others.begin(), others.end());
  if (first.size() > kMostServers) first.resize(kMostServers);
  co_return first;
}

// An alias that the server cannot follow itself is followed by the usual resolver.
Task<Answer> ZoneResolver::ask(Address server, Question question, BootTime deadline) {
  ResolverOptions options;
  options.servers = {{.address = server, .scope = "", .port = port_}};
  options.timeout = kTimeout;
  options.attempts = 1;
  const auto servers = std::make_shared<NameServers>(std::move(options), ++seed_);
  const BootTime own = std::min(deadline, BootClock::now() + 2 * kTimeout);
  Reading reading = co_await servers->ask(question, own);
  if (!reading.leads_elsewhere) co_return std::move(reading.answer);
  question.name = reading.answer.canonical_name;
  co_return co_await usual_->resolve(std::move(question));
}

}  // namespace mxpress::dns
