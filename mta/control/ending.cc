// Sends End responses.
#include "mta/control/ending.h"

#include "proto/control.pb.h"

namespace mxpress::mta::control {

void send_end(ControlOutlet& outlet, const control_pb::End& end) {
  control_pb::Response response;
  *response.mutable_end() = end;
  (void)outlet.send(response);
}

void send_end(ControlOutlet& outlet, control_pb::End_Result result, const std::string& text, std::uint64_t matched) {
  control_pb::End last;
  last.set_result(result);
  last.set_text(text);
  last.set_matched(matched);
  send_end(outlet, last);
}

}  // namespace mxpress::mta::control
