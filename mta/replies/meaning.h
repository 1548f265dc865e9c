// What the result of a mail host means to people, by the rules.
#pragma once

#include <string>

#include "proto/explanation.h"
#include "proto/outcome.h"

namespace mxpress::mta::replies {

class RuleSet;

// proto::explain(), with the cause and advice of the rule that the reply meets, if there is one. `rules` may be null. Nothing of the
// reply's text but the name of a block list gets into it; a result that was made for other messages (proto::for_other_messages) meets no
// rule.
proto::Explanation explain(const RuleSet* rules, const proto::HostResult& result);

}  // namespace mxpress::mta::replies
