// Express delivery: hands a message to the mail hosts of its recipients from here, without mxpressd, in one attempt.
#pragma once

#include <iosfwd>
#include <memory>

#include "mta/cli/sendmail_outlet.h"
#include "mta/send/draft.h"

namespace mxpress::mta {
struct Config;
}

namespace mxpress::mta::send {

// All is decided and done by the code of deliveries: routing, delivery::find_policy_hosts(), transport::SmtpTransport. Nothing is kept.
// Refused before anything is sent: recipients of this host, a sender that the caller may not use, and a way that only mxpressd may take
// (one that signs in, has a rate limit, or holds mail). Prints a line for each host and recipient. The exit code: ok (all delivered),
// unavailable (one failed), try_later (one was deferred).
cli::ExitStatus deliver_now(Draft draft, std::shared_ptr<Config> config, std::ostream& out);

}  // namespace mxpress::mta::send
