// One question to one name server over UDP or TCP. RFC 1035 4.2, RFC 7766.
#pragma once

#include <random>
#include <string>

#include "dns/async.h"
#include "dns/packet.h"
#include "dns/resolv_conf.h"

namespace mxpress::dns {

enum class Protocol { udp, tcp };

// "no answer within 5 s"; at least one second.
std::string silence(BootClock::duration waited);

// Sends the question under a random id from a socket of its own, connected to the server, from a port that the kernel picks at random. Over
// UDP, answers with another id or question are ignored and the wait continues. The Error describes the failure in a few words without
// naming the server: "no answer within 5 s", "connection refused", "an answer that is no DNS packet". Always ends by `deadline`. All
// arguments are copied, except `random`, which is used only before the first wait.
Task<Result<Packet>> exchange(ServerConfig server, Protocol protocol, Question question, Edns edns, std::mt19937_64& random,
                              BootTime deadline);

}  // namespace mxpress::dns
