// The configured name servers: asked one after another until one gives a reliable answer.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "dns/async.h"
#include "dns/packet.h"
#include "dns/reading.h"
#include "dns/resolv_conf.h"
#include "dns/transport.h"

namespace mxpress::dns {

// Thread: one. Made by make_shared: tries in flight share it.
class NameServers : public std::enable_shared_from_this<NameServers> {
 public:
  NameServers(ResolverOptions options, std::uint64_t seed);

  const ResolverOptions& options() const { return options_; }
  // The time by which a question asked now must be answered.
  BootTime deadline(BootTime now) const;

  // SERVFAIL, REFUSED, NOTIMP and the like, garbage and silence: the next server is asked; a server that was silent or said REFUSED is
  // asked again in the next round, which begins a second after the latest REFUSED. FORMERR: once more without EDNS. Truncated: by TCP.
  // NXDOMAIN, and an answer without an address, are believed only from a server that has answered something positive in the last minutes.
  // The reading's answer names the server in `server` and `text`. A server that stays silent for the time-out of a try is not given up: its
  // question stays open while others are asked, and its answer counts if it comes before ask() ends. A server that has answered nothing
  // else meanwhile is asked last for 30 s. ask() ends with the first reliable reading, with the last try, or at `deadline`.
  Task<Reading> ask(Question question, BootTime deadline);

 private:
  struct Server {
    ServerConfig config;
    BootTime avoid_until = BootTime::min();  // it was silent lately: asked after others that have answered something
    BootTime spoke_at = BootTime::min();     // last readable answer, to any question
    BootTime believed_until = BootTime::min();
  };
  struct Try;
  struct Race;
  static void note_silence(const Try& attempt);
  std::vector<Server*> in_order(BootTime now);
  std::shared_ptr<Try> start(const std::shared_ptr<Race>& race, Server& server, const Question& question, BootTime deadline);
  Task<void> wait_for(std::shared_ptr<Race> race, std::shared_ptr<Try> attempt, BootTime deadline);
  static Task<void> wait_after_refusal(std::shared_ptr<Race> race, BootTime deadline);
  static Task<void> run(std::shared_ptr<NameServers> self, std::shared_ptr<Race> race, std::shared_ptr<Try> attempt, Question question,
                        BootTime deadline);
  Task<Result<Packet>> exchange_once(Try& attempt, Protocol protocol, Question question, Edns edns, BootTime deadline);
  Task<Result<Packet>> query(Try& attempt, Question question, BootTime deadline);
  Task<Result<Reading>> ask_server(Try& attempt, Question question, BootTime deadline);
  Task<bool> has_positive_answer(Try& attempt, Question question, BootTime deadline);
  Task<bool> is_believable(Try& attempt, std::string zone, BootTime deadline);

  ResolverOptions options_;
  std::vector<Server> servers_;
  std::mt19937_64 random_;
  std::size_t next_first_ = 0;
};

}  // namespace mxpress::dns
