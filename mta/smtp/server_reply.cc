// Replies of the server, for logs.
#include "mta/smtp/server.h"
#include "proto/printable.h"

namespace mxpress::mta::smtp {

std::string ServerReply::to_string() const {
  std::string line = std::to_string(code);
  if (status) line += " " + status->to_string();
  return line + " " + proto::printable(text, 1000);
}

}  // namespace mxpress::mta::smtp
