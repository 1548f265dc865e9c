// The last response to a control request.
#pragma once

#include <cstdint>
#include <string>

#include "mta/control/messages.h"
#include "mta/control/outlet.h"

namespace mxpress::mta::control {

void send_end(ControlOutlet& outlet, const control_pb::End& end);
// `matched`: number of selected messages.
void send_end(ControlOutlet& outlet, control_pb::End_Result result, const std::string& text, std::uint64_t matched = 0);

}  // namespace mxpress::mta::control
