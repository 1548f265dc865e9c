// Advice to the reader of a notice.
#pragma once

#include <string>
#include <string_view>

#include "proto/explanation.h"
#include "proto/phrases.h"

namespace mxpress::proto {

// After a failure. A form of Phrases.
std::string_view advice_after_failure(Remedy remedy);
// While delivery is still being tried, beginning with a space; empty if the reader can do nothing. A form of Phrases.
std::string_view advice_for_delay(Remedy remedy);
// What a rule about the reply says: who has to act, and how. Empty: nothing beyond the advice for its remedy.
std::string advice_of_rule(const Explanation& explanation, const Phrases& phrases);
// The advice after the failure for one recipient.
std::string advice_after(const Explanation& explanation, const Phrases& phrases);

}  // namespace mxpress::proto
