// The output of the mxpress command: control messages in words. All text from outside is cleaned.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "mta/control/selector.h"
#include "proto/time.h"

namespace mxpress::control_pb {
class DestinationInfo;
class HostReport;
class MessageInfo;
class StatusInfo;
}  // namespace mxpress::control_pb

namespace mxpress::mta::cli {

// Waiting messages that this user may not see.
struct Unlisted {
  std::uint64_t of_others = 0;
  std::uint64_t dropped = 0;  // left in the drop folder by sendmail
  std::string who_sees_all;   // in words; empty: this user does
};

void print_destinations(std::ostream& out, const std::vector<control_pb::DestinationInfo>& destinations, const Unlisted& unlisted,
                        WallTime now);
// One line for the message, its waiting recipients, and the results of other recipients that were searched for.
void print_message_line(std::ostream& out, const control_pb::MessageInfo& message, const control::Conditions& conditions, WallTime now);
// Printed after the last message that this user sees.
void print_end_of_messages(std::ostream& out, std::uint64_t listed, const Unlisted& unlisted);
// The same as JSON: {"listed":...,"waiting":...,"of_others":...,"dropped":...}. Prints nothing if all waiting mail is listed.
void print_json_unlisted(std::ostream& out, std::uint64_t listed, const Unlisted& unlisted);
// Everything about one message, for people who are not mail experts.
void print_story(std::ostream& out, const control_pb::MessageInfo& message, WallTime now);
// The first line tells if all is well.
void print_status(std::ostream& out, const control_pb::StatusInfo& status, WallTime now);

// The queue in the format of Postfix's mailq, which monitoring reads. Call message() for each, then end().
class MailqPrinter {
 public:
  explicit MailqPrinter(std::ostream& out) : out_(out) {}
  void message(const control_pb::MessageInfo& message);
  // The last line counts all waiting mail, listed or not: monitoring by users who may not see others' mail reads it.
  void end(const Unlisted& unlisted);

 private:
  void begin_once();

  std::ostream& out_;
  bool has_begun_ = false;
  std::uint64_t requests_ = 0, octets_ = 0;
};

// "mx.example [192.0.2.1:25]"; empty if no host was asked.
std::string host_place(const control_pb::HostReport& report);
// "mx.example [192.0.2.1:25] said: 250 ok"; or the reason, if no host was asked.
std::string host_words(const control_pb::HostReport& report);

// "5m", "2h 10m", "3d 4h": the two largest units.
std::string rough(Duration duration);
std::string size_text(std::uint64_t octets);

}  // namespace mxpress::mta::cli
