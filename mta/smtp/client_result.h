// The replies and failures of a mail host, as values for outcomes, logs and notices.
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

// Reports about one host; target and channel must outlive it.
class HostReporter {
 public:
  HostReporter(const dns::Target& target, const ClientChannel& channel) : target_(target), channel_(channel) {}

  proto::HostResult replied(proto::Stage stage, const proto::Reply& reply) const;
  // For a reply that does not belong to our commands.
  proto::HostResult out_of_step(proto::Stage stage, const proto::Reply& reply) const;
  // The connection failed; `doing` describes our action: "waiting for the reply to MAIL".
  proto::HostResult lost(proto::Stage stage, const Error& error, std::string_view doing) const;
  // A finding of our own.
  proto::HostResult found(proto::Stage stage, proto::EnhancedStatus status, std::string_view words) const;

 private:
  const dns::Target& target_;
  const ClientChannel& channel_;
};

// There was no connection.
proto::HostResult not_connected(const dns::Target& target, const Error& error);
// The TLS policy forbids mail to this host in its current state: 4.7.4 without TLS, else 4.7.5 (RFC 3463 3.8).
proto::HostResult not_allowed(const dns::Target& target, const net::TlsResult& result);

// REQUIRETLS was demanded and is not to be had of this host. RFC 8689 4.2.1
inline constexpr proto::EnhancedStatus kRequireTlsNeeded{5, 7, 30};
// The same without a connection: nothing says that the host's name is the right one.
proto::HostResult not_vouched_for(const dns::Target& target);

// Cuts its text to `octets`, and frees the memory of the rest.
void shorten(proto::HostResult& result, std::size_t octets);

}  // namespace mxpress::mta::smtp
