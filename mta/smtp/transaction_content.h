// Sends the content of a message after the 354. RFC 5321 4.1.1.4, 4.5.2.
#pragma once

#include "dns/async.h"
#include "proto/result.h"

namespace mxpress::mta::content {
class DataSource;
}

namespace mxpress::mta::smtp {

class ClientChannel;

enum class ContentEnd {
  sent,            // with its final dot
  source_failed,   // our side could not read it: no dot was sent
  interrupted,     // the host sent something or closed: no dot was sent
  lost,            // the connection failed: no dot was sent
  lost_after_dot,  // it failed while the dot was sent: the host may have it
};

struct ContentResult {
  ContentEnd end = ContentEnd::sent;
  Error error;  // not for `sent` and `interrupted`
};

// Sends blocks of at most 64 KiB, each within `block_timeout`. The references must outlive the task.
Task<ContentResult> send_content(ClientChannel& channel, content::DataSource& data, Duration block_timeout);

}  // namespace mxpress::mta::smtp
