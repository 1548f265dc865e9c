// The configured name servers: one is asked after another until one makes a statement to rely on.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "dns/async.h"
#include "dns/packet.h"
#include "dns/reading.h"
#include "dns/resolv_conf.h"
#include "dns/transport.h"

namespace mxpress::dns {

// Thread: one. Outlives its coroutines.
class NameServers {
 public:
  NameServers(ResolverOptions options, std::uint64_t seed);

  const ResolverOptions& options() const { return options_; }
  // When a question that is asked now has to be answered.
  BootTime deadline(BootTime now) const;

  // SERVFAIL, REFUSED, NOTIMP and the like, garbage and silence: the next server; a server that was silent is asked again in the next
  // round. FORMERR: once more without EDNS. Truncated: by TCP. NXDOMAIN is believed of a server only that has answered something
  // positive in the last minutes. The reading's answer names the server in `server` and `text`.
  Task<Reading> ask(Question question, BootTime deadline);

 private:
  struct Server {
    ServerConfig config;
    BootTime avoid_until = BootTime::min();  // it was silent lately: asked after the others
    BootTime believed_until = BootTime::min();
  };
  std::vector<Server*> in_order(BootTime now);
  Task<Result<Packet>> try_once(Server& server, Protocol protocol, Question question, Edns edns, BootTime deadline);
  Task<Result<Packet>> query(Server& server, Question question, BootTime deadline);
  Task<Result<Reading>> ask_server(Server& server, Question question, BootTime deadline);
  Task<bool> has_positive_answer(Server& server, Question question, BootTime deadline);
  Task<bool> is_believable(Server& server, std::string zone, BootTime deadline);

  ResolverOptions options_;
  std::vector<Server> servers_;
  std::mt19937_64 random_;
  std::size_t next_first_ = 0;
};

}  // namespace mxpress::dns
