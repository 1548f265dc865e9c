// What a mail host did, as values for outcomes, logs and notices.
#pragma once

#include <cstddef>
#include <string_view>

#include "proto/outcome.h"
#include "proto/result.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::proto {
struct Reply;
}

namespace mxpress::mta::net {
struct TlsResult;
}

namespace mxpress::mta::smtp {

class ClientChannel;

// Speaks of one host; target and channel outlive it.
class HostReporter {
 public:
  HostReporter(const dns::Target& target, const ClientChannel& channel) : target_(target), channel_(channel) {}

  proto::HostResult replied(proto::Stage stage, const proto::Reply& reply) const;
  // One that does not answer what we have sent.
  proto::HostResult out_of_step(proto::Stage stage, const proto::Reply& reply) const;
  // The connection failed; `doing` says what we were at: "waiting for the reply to MAIL".
  proto::HostResult lost(proto::Stage stage, const Error& error, std::string_view doing) const;
  // A finding of our own.
  proto::HostResult found(proto::Stage stage, proto::EnhancedStatus status, std::string_view words) const;

 private:
  const dns::Target& target_;
  const ClientChannel& channel_;
};

// Without a connection.
proto::HostResult not_connected(const dns::Target& target, const Error& error);
// The policy of TLS forbids mail to this host as it is: 4.7.4 without TLS, else 4.7.5 (RFC 3463 3.8).
proto::HostResult not_allowed(const dns::Target& target, const net::TlsResult& result);

// Keeps the first `octets` of its text, and no memory of the rest.
void shorten(proto::HostResult& result, std::size_t octets);

}  // namespace mxpress::mta::smtp
