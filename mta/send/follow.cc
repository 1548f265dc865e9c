// Follows a message by what mxpressd shows of it.
#include "mta/send/follow.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <thread>

#include "mta/cli/control_client.h"
#include "mta/cli/print.h"
#include "proto/control.pb.h"
#include "proto/printable.h"

namespace mxpress::mta::send {
namespace {

using control_pb::MessageInfo;
using control_pb::RecipientInfo;
using proto::ExitCode;

constexpr std::size_t kMaxText = 1000;

enum class Standing { under_way, delivered, failed, waits };

Standing standing_of(const RecipientInfo& recipient, const MessageInfo& message) {
  const std::string& stage = recipient.stage();
  if (stage == "delivered") return Standing::delivered;
  if (stage != "pending") return Standing::failed;  // failed, expired, removed, or a notice about that is owed
  if (recipient.has_trying()) return Standing::under_way;
  if (message.state() == "held" || recipient.attempts() > 0) return Standing::waits;
  // All mail for the domain waits because of an earlier failure.
  const bool has_cause = recipient.has_last() && (recipient.last().stage() != "none" || !recipient.last().host().empty());
  return has_cause ? Standing::waits : Standing::under_way;
}

std::string time_text(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  char text[16];
  return std::string(text, std::strftime(text, sizeof text, "%H:%M:%S", &parts));
}

std::string clean(const std::string& text) { return proto::printable(text, kMaxText); }

// The step that the recipient has reached, for people.
std::string step_of(const RecipientInfo& recipient, const MessageInfo& message) {
  const std::string words = recipient.has_last() ? cli::host_words(recipient.last()) : std::string();
  switch (standing_of(recipient, message)) {
    case Standing::delivered:
      return "delivered; " + words;
    case Standing::failed:
      return "failed; " + words;
    case Standing::waits:
      if (message.state() == "held") return "held until it is released";
      return "waits for another attempt at " + time_text(recipient.next_try_ms()) + "; " + words;
    case Standing::under_way:
      break;
  }
  const std::string place = recipient.has_trying() ? cli::host_place(recipient.trying()) : std::string();
  return place.empty() ? std::string() : "asking " + place;
}

class Follower {
 public:
  Follower(const std::string& id, std::ostream& out) : id_(id), out_(out) {}

  Status ask(cli::ControlClient& client);
  bool is_over() const { return is_known_ && under_way_ == 0; }
  bool is_tried_now() const { return is_tried_now_; }
  cli::ExitStatus result() const;

 private:
  void take(const MessageInfo& message);
  void take(const RecipientInfo& recipient, const MessageInfo& message);

  const std::string id_;
  std::ostream& out_;
  std::map<std::string, std::string> steps_;  // of each recipient, as printed
  bool is_known_ = false, is_tried_now_ = false;
  std::size_t under_way_ = 0, failed_ = 0, waiting_ = 0;
};

void Follower::take(const RecipientInfo& recipient, const MessageInfo& message) {
  const Standing standing = standing_of(recipient, message);
  under_way_ += standing == Standing::under_way;
  failed_ += standing == Standing::failed;
  waiting_ += standing == Standing::waits;
  is_tried_now_ = is_tried_now_ || recipient.has_trying();
  const std::string step = step_of(recipient, message);
  std::string& shown = steps_[recipient.address()];
  if (step.empty() || step == shown) return;
  shown = step;
  out_ << clean(recipient.address()) << ": " << step << "\n" << std::flush;
}

void Follower::take(const MessageInfo& message) {
  is_known_ = true;
  for (const RecipientInfo& recipient : message.recipient()) take(recipient, message);
}

Status Follower::ask(cli::ControlClient& client) {
  is_known_ = is_tried_now_ = false;
  under_way_ = failed_ = waiting_ = 0;
  control_pb::Request request;
  request.mutable_show()->set_id(id_);
  std::optional<std::string> refusal;
  const Status status = client.ask(request, [&](const control_pb::Response& response) {
    if (response.has_message()) take(response.message());
    if (response.has_end() && response.end().result() != control_pb::End::OK) refusal = response.end().text();
    return true;
  });
  if (!status) return status;
  return refusal ? Status(Error::transient("mxpressd does not tell what became of it: " + clean(*refusal))) : Status();
}

cli::ExitStatus Follower::result() const {
  if (failed_ > 0) return {ExitCode::unavailable, "failed for " + std::to_string(failed_) + " of " + std::to_string(steps_.size())};
  if (waiting_ > 0 || under_way_ > 0)
    return {ExitCode::try_later, "mxpressd tries again by itself: mxpress show " + id_ + " says when; do not send it again"};
  return {};
}

}  // namespace

cli::ExitStatus follow(cli::ControlClient& client, const std::string& id, const Watch& watch, std::ostream& out) {
  Follower follower(id, out);
  const WallTime since = watch.now();
  for (;;) {
    if (const Status status = follower.ask(client); !status) return {ExitCode::try_later, status.error().message};
    const bool is_enough = watch.now() - since > kMostWait && !follower.is_tried_now();
    if (follower.is_over() || is_enough) return follower.result();
    watch.wait();
  }
}

std::function<void()> growing_waits() {
  static constexpr std::chrono::milliseconds kFirst{50}, kLongest{1000};
  return [next = kFirst]() mutable {
    std::this_thread::sleep_for(next);
    next = std::min<std::chrono::milliseconds>(next * 3 / 2, kLongest);
  };
}

}  // namespace mxpress::mta::send
