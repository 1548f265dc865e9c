// Forward declarations of the control messages, for headers; .cc files that use their members include proto/control.pb.h.
#pragma once

namespace mxpress::control_pb {

class AttemptInfo;
class DestinationInfo;
class DialogueLine;
class End;
class MessageInfo;
class RecipientInfo;
class Request;
class Request_Act;  // Request::Act
class Request_Debug;
class Request_Dialogue;
class Request_Tail;
class Request_Why;
class Response;
class Selector;
class StatusInfo;
class WhyInfo;
enum End_Result : int;  // End::Result

}  // namespace mxpress::control_pb
