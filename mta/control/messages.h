// The names of the control messages, for headers; whoever looks inside includes proto/control.pb.h in its .cc file.
#pragma once

namespace mxpress::control_pb {

class AttemptInfo;
class DestinationInfo;
class End;
class MessageInfo;
class RecipientInfo;
class Request;
class Request_Act;  // Request::Act
class Response;
class Selector;
class StatusInfo;
enum End_Result : int;  // End::Result

}  // namespace mxpress::control_pb
