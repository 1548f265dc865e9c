// The meaning of a mail host's answer for its connections and for the message.
#pragma once

#include <cstddef>
#include <optional>

#include "proto/outcome.h"

namespace mxpress::dns {
struct Target;
}

namespace mxpress::queue {
struct Attempt;
}

namespace mxpress::mta::smtp {
struct TransactionResult;
}

namespace mxpress::mta::transport {

// True if the host knew at least the sender and the size of the message, so that it may have failed because of this message. RFC 1870 6.1:
// 452 to MAIL if there is no room for so many octets.
bool is_at_or_after_mail(const proto::HostResult& failure);
// The part that such a failure is about: the content or the envelope.
proto::Stage part_of(proto::Stage stage);

// True if it refuses this connection for now. At EHLO the words decide: the reason may be our name.
bool takes_no_more(const proto::HostResult& failure);

// Adds a transaction to the history of an attempt: its last reply and, if that is another one, the first refusal of a recipient, whose text
// is cut to `most_words` octets.
void note_transaction(queue::Attempt& history, proto::HostAttempt attempt, const smtp::TransactionResult& result, std::size_t most_words);

// True if the host has accepted the message for a recipient.
bool has_delivered(const smtp::TransactionResult& result);
// The number of recipients with an answer.
std::size_t answered_in(const smtp::TransactionResult& result);

// Why a recipient does not have the message; nullopt: all have it.
std::optional<proto::HostResult> refusal_in(const smtp::TransactionResult& result);

}  // namespace mxpress::mta::transport
