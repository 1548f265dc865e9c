// The body parts of a message.
#pragma once

#include "mta/compose/gmime.h"
#include "mta/compose/letter.h"
#include "proto/result.h"

namespace mxpress::mta::compose {

// The body: text, alternatives, related parts and attachments, as the letter has them. RFC 2046 5.1, RFC 2387. Reads each text once to
// choose its encoding, and the first octets of each attachment. The sources must outlive the object. Error: a text cannot be sent as text,
// or a source cannot be read.
Result<Held<GMimeObject>> make_body(const Letter& letter);

}  // namespace mxpress::mta::compose
