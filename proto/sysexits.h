// Exit codes of sendmail and similar programs, as in sysexits.h.
#pragma once

namespace mxpress::proto {

enum class ExitCode : int {
  ok = 0,
  usage = 64,  // wrong arguments
  data = 65,   // the message cannot be used: no recipients, NUL, malformed address
  no_input = 66,
  no_user = 67,
  no_host = 68,
  unavailable = 69,
  software = 70,
  system = 71,
  system_file = 72,
  cannot_create = 73,
  io = 74,
  try_later = 75,  // nothing is lost if the caller keeps the message and tries again
  protocol = 76,
  no_permission = 77,
  configuration = 78,
};

}  // namespace mxpress::proto
