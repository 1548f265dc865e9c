// Names of senders.
#include "mta/config/sender_config.h"

#include "proto/ascii.h"
#include "proto/mailbox.h"

namespace mxpress::mta {

std::string sender_key(const proto::Mailbox& mailbox) {
  return proto::lower_case(mailbox.plain_local_part()) + "@" + mailbox.domain().text();
}

}  // namespace mxpress::mta
