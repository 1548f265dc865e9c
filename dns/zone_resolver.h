// Asks the name servers of the zone that a name is in, so that what was published a moment ago is seen before caches forget the old state.
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
  static constexpr std::size_t kMostServers = 4;  // addresses that are asked, of different name servers first

  // `usual` finds the name servers, and is asked itself where none of them answers: port 53 may be closed. `port`: of the name servers.
  ZoneResolver(std::shared_ptr<Resolver> usual, std::uint64_t seed, std::uint16_t port = 53);

  // The zone is looked for from the first label on that does not begin with '_': an answer "no such name" about one that does would be
  // remembered by caches on the way, which then hide a record that is published below it (RFC 8020).
  // Where the servers differ, the answer is that of one without the record: it is published once all have it. Takes 10 s beyond what
  // `usual` takes, at most.
  Task<Answer> resolve(Question question) override;

 private:
  Task<std::vector<std::string>> name_servers_of(std::string name);
  Task<std::vector<Address>> addresses_of(std::vector<std::string> hosts);
  Task<Answer> ask(Address server, Question question, BootTime deadline);

  std::shared_ptr<Resolver> usual_;
  std::uint64_t seed_;
  std::uint16_t port_;
  BootTime closed_until_ = BootTime::min();  // no server answered: they are not asked before
};

}  // namespace mxpress::dns
