// The Received field that we put in front of a message. RFC 5321 4.4, RFC 3848.
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

// It refers to what others keep.
struct Trace {
  TransmissionType type = TransmissionType::local;
  std::int64_t uid = -1;              // local: who submitted it
  std::string_view client_name{};     // what the client said in HELO or EHLO
  std::string_view client_address{};  // "192.0.2.1" or "2001:db8::1", without port
  std::string_view tls{};             // "TLSv1.3/TLS_AES_256_GCM_SHA384"; empty without TLS
  const Domain& by;                   // our host name
  QueueId id{};
  const Mailbox* recipient = nullptr;  // only if the message has exactly one
  WallTime now{};
  int zone_minutes = 0;
};

// The whole field with CRLF, folded; no line over 998 octets whatever the client said, which is cleaned.
std::string received_field(const Trace& trace);

}  // namespace mxpress::proto
