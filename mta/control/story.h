// The history of one message, put together from its records.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mta/control/why_text.h"
#include "mta/history/record.h"

namespace mxpress::queue {
struct Message;
}

namespace mxpress::mta::control {

// Memory is bounded: by the number of recipients whose outcome is remembered, and of lines.
class Story {
 public:
  static constexpr std::size_t kMostLines = 100;
  // `wanted`: the recipient to explain, in any case; empty: the one whose mail is worst off.
  Story(proto::QueueId id, std::string wanted, std::size_t most_recipients)
      : wanted_(std::move(wanted)), most_recipients_(most_recipients) {
    fate_.id = id;
  }

  // A record of the message, the latest first.
  void take(const history::RecordView& record);
  // The state in the queue, which is newer than that of any record.
  void take(const queue::Message& message, WallTime now);
  const MessageFate& fate() const { return fate_; }
  // False: nothing is known.
  bool is_known() const { return is_known_; }
  void add_lines(control_pb::WhyInfo& info) const;

 private:
  struct Line {
    WallTime time;
    std::string text;
  };
  void accepted(const history::RecordView& record);
  void attempted(const history::RecordView& record);
  void acted(const history::RecordView& record);
  void notice(const history::RecordView& record);
  void settle(Fate fate, std::string_view original);
  void add_line(WallTime time, std::string text);

  const std::string wanted_;
  const std::size_t most_recipients_;
  MessageFate fate_;
  bool is_known_ = false, is_from_queue_ = false, is_explained_ = false, is_wanted_ = false;
  std::map<std::string, FateKind, std::less<>> recipients_;
  std::uint64_t parts_ = 0;  // recipients of further parts of the record of acceptance
  std::vector<Line> lines_;  // the latest first
  std::uint64_t left_out_ = 0;
};

}  // namespace mxpress::mta::control
