// What the mxpress command shows: control messages in words. Everything that came from outside is cleaned.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "proto/time.h"

namespace mxpress::control_pb {
class DestinationInfo;
class MessageInfo;
class StatusInfo;
}  // namespace mxpress::control_pb

namespace mxpress::mta::cli {

void print_destinations(std::ostream& out, const std::vector<control_pb::DestinationInfo>& destinations, WallTime now);
void print_message_line(std::ostream& out, const control_pb::MessageInfo& message, WallTime now);
// Everything about one message, for somebody who is no mail expert.
void print_story(std::ostream& out, const control_pb::MessageInfo& message, WallTime now);
// Says whether all is well.
bool print_status(std::ostream& out, const control_pb::StatusInfo& status, WallTime now);

// The queue as Postfix's mailq prints it, which monitoring reads. Call message() for each, then end().
class MailqPrinter {
 public:
  explicit MailqPrinter(std::ostream& out) : out_(out) {}
  void message(const control_pb::MessageInfo& message);
  void end(const std::string& limits);  // of what this user is shown, in brackets; may be empty

 private:
  std::ostream& out_;
  std::uint64_t requests_ = 0, octets_ = 0;
};

// "5m", "2h 10m", "3d 4h": the two largest units.
std::string rough(Duration duration);
std::string size_text(std::uint64_t octets);

}  // namespace mxpress::mta::cli
