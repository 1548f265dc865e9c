// What a mail host's answer says about its connections and about the message.
#pragma once

#include <cstddef>

#include "proto/outcome.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::mta::smtp {
struct TransactionResult;
}

namespace mxpress::mta::transport {

// The host knew the sender and the size of the message, or more: it may have failed because of this message. RFC 1870 6.1: 452 to MAIL
// where there is no room for so many octets.
bool is_at_or_after_mail(const proto::HostResult& failure);
// Such a failure is of the content or of the envelope.
proto::Stage part_of(proto::Stage stage);

// It refuses this connection, for now. At EHLO the words tell: the reason may be our name.
bool takes_no_more(const proto::HostResult& failure);
// Our own finding: there are enough connections to it.
proto::HostResult has_enough(const dns::Target& target);

// For how many recipients it had an answer.
std::size_t answered_in(const smtp::TransactionResult& result);

}  // namespace mxpress::mta::transport
