// A stub resolver for each name server.
#include "mta/check/server_answers.h"

#include <algorithm>
#include <random>
#include <utility>

#include "dns/resolv_conf_file.h"
#include "dns/stub_resolver.h"
#include "mta/check/check.h"
#include "mta/check/findings.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"

namespace mxpress::mta::check {

std::vector<OneServer> servers_of(const Config& config, Executor executor) {
  constexpr Duration kPatience = std::chrono::seconds(5);
  const dns::StubConfig usual = config::stub_config(config);
  dns::ResolverOptions options = usual.options;
  if (!usual.resolv_conf.empty()) options = dns::ResolvConfFile(usual.resolv_conf).current(BootClock::now());
  std::vector<OneServer> servers;
  for (const dns::ServerConfig& server : options.servers) {
    if (servers.size() == kMostServers) break;
    dns::StubConfig one;
    one.options = options;
    one.options.servers = {server};
    one.options.rotate = false;
    one.timeout = std::min(usual.timeout.value_or(options.timeout), kPatience);
    one.attempts = 1;
    one.cache.entries = 0;
    servers.push_back({server.to_string(), std::make_shared<dns::StubResolver>(executor, std::move(one), std::random_device{}())});
  }
  return servers;
}

Task<ServerAnswer> ask_server(OneServer server, dns::Question question) {
  const BootTime start = BootClock::now();
  ServerAnswer answer{std::move(server.name), question.name, co_await server.resolver->resolve(question)};
  answer.took = std::chrono::duration_cast<Duration>(BootClock::now() - start);
  co_return answer;
}

}  // namespace mxpress::mta::check
