// The names of the control messages, for headers; whoever looks inside includes proto/control.pb.h in its .cc file.
#pragma once

namespace mxpress::control_pb {

class AttemptInfo;
class DestinationInfo;
class MessageInfo;
class RecipientInfo;
class Request;
class Response;
class Selector;
class StatusInfo;

}  // namespace mxpress::control_pb
