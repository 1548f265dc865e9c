// Asks the name servers of a name's zone directly, so that new records are seen before caches forget the old state.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dns/resolver.h"

namespace mxpress::dns {

// Thread: the one that runs the executor of its coroutines.
class ZoneResolver final : public Resolver {
 public:
  static constexpr std::size_t kMostServers = 4;  // addresses to ask, of different name servers first

  // `usual` finds the name servers, and is asked itself if none of them answers: port 53 may be blocked. `port`: of the name servers.
  ZoneResolver(std::shared_ptr<Resolver> usual, std::uint64_t seed, std::uint16_t port = 53);

  // The search for the zone starts at the first label that does not begin with '_': an answer "no such name" for one
  // that does would be cached on the way and hide records published below it (RFC 8020). If the servers differ, an
  // answer without the record wins: a record is published once all servers have it. Takes at most 10 s more than
  // `usual`.
  Task<Answer> resolve(Question question) override;

 private:
  Task<std::vector<std::string>> name_servers_of(std::string name);
  Task<std::vector<Address>> addresses_of(std::vector<std::string> hosts);
  Task<Answer> ask(Address server, Question question, BootTime deadline);

  std::shared_ptr<Resolver> usual_;
  std::uint64_t seed_;
  std::uint16_t port_;
  BootTime closed_until_ = BootTime::min();  // no server answered: do not ask them before this time
};

}  // namespace mxpress::dns
