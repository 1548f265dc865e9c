// Time limits for the remote side.
#pragma once

#include <chrono>

#include "proto/time.h"

namespace mxpress::mta {

// The time limit of each stage. RFC 5321 4.5.3.2. [timeouts]
struct Timeouts {
  Duration connect = std::chrono::seconds(30);
  Duration greeting = std::chrono::minutes(5);
  Duration hello = std::chrono::minutes(5);
  Duration tls = std::chrono::minutes(1);
  Duration mail = std::chrono::minutes(5);
  Duration rcpt = std::chrono::minutes(5);
  Duration data = std::chrono::minutes(2);   // DATA until 354
  Duration block = std::chrono::minutes(3);  // each block of content
  Duration dot = std::chrono::minutes(10);   // after the final dot
  Duration quit = std::chrono::seconds(10);
  Duration session = std::chrono::minutes(60);  // one transaction with all its stages, at any speed of the peer
  Duration server_idle = std::chrono::minutes(5);
};

}  // namespace mxpress::mta
