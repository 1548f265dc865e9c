// Asks each configured name server by itself, so that one that differs, or does not answer, is seen.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dns/async.h"

namespace mxpress::dns {
class Resolver;
struct Question;
}  // namespace mxpress::dns
namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::check {

struct ServerAnswer;

struct OneServer {
  std::string name;  // "192.0.2.53:53"
  std::shared_ptr<dns::Resolver> resolver;
};

// The first kMostServers of the configuration or resolv.conf; each is asked once, for 5 seconds at most.
std::vector<OneServer> servers_of(const Config& config, Executor executor);

Task<ServerAnswer> ask_server(OneServer server, dns::Question question);

}  // namespace mxpress::mta::check
