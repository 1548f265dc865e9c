// The Received field that mxpress adds to a message. RFC 5321 4.4, RFC 3848.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/domain.h"
#include "proto/mailbox.h"
#include "proto/queue_id.h"
#include "proto/time.h"

namespace mxpress::proto {

enum class TransmissionType { local, smtp, esmtp, esmtps };

// Holds references to the caller's data.
struct Trace {
  TransmissionType type = TransmissionType::local;
  std::int64_t uid = -1;              // local: the submitter
  std::string_view client_name{};     // the client's name in HELO or EHLO
  std::string_view client_address{};  // "192.0.2.1" or "2001:db8::1", without port
  std::string_view tls{};             // "TLSv1.3/TLS_AES_256_GCM_SHA384"; empty without TLS
  const Domain& by;                   // our host name
  QueueId id{};
  const Mailbox* recipient = nullptr;  // only if the message has exactly one
  WallTime now{};
  int zone_minutes = 0;
};

// The whole field with CRLF, folded; no line over 998 octets for any text of the client, which is cleaned.
std::string received_field(const Trace& trace);

}  // namespace mxpress::proto
