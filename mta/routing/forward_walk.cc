// Follows ~/.forward files.
#include "mta/routing/forward_walk.h"

#include <algorithm>
#include <utility>

#include "mta/config/config.h"
#include "mta/routing/aliases.h"
#include "mta/routing/destination_name.h"
#include "proto/alias_file.h"
#include "proto/command_recipient.h"
#include "proto/printable.h"

namespace mxpress::mta::routing {
namespace {

using Kind = proto::AliasTarget::Kind;

constexpr std::size_t kMostFiles = 100;
constexpr std::size_t kMostNested = 50;
constexpr std::size_t kMostReasons = 10;
constexpr std::uint64_t kMostSteps = 20'000;  // through aliases, some microseconds each

std::string shown(std::string_view text) { return proto::printable(text, 100); }

constexpr const char* kNoAddress = "this is no address";

// The reason why a target can never be followed; empty: it is a name. Senders read it: the line itself may be confidential.
std::string why_not(const proto::AliasTarget& target) {
  switch (target.kind) {
    case Kind::command:
      return "no command is run for mail";
    case Kind::file:
      return "mail is not written to a file";
    case Kind::include:
      return "a ~/.forward includes no file";
    case Kind::fail:
    case Kind::defer:
    case Kind::blackhole:
      return "a ~/.forward refuses no mail, and throws none away";
    case Kind::mistake:
      return kNoAddress;
    default:
      return {};
  }
}

}  // namespace

ForwardWalk::ForwardWalk(const Config& config, const proto::Mailbox& mailbox, std::string_view text) : config_(config) {
  std::string user = user_of(mailbox);
  known_.insert(user);
  open({std::move(user), mailbox}, text);
}

std::optional<std::string> ForwardWalk::next() {
  while (!asked_ && !is_over()) {
    Frame& frame = open_.back();
    if (frame.next == frame.steps.size()) {
      open_.pop_back();
      continue;
    }
    const Step step = frame.steps[frame.next++];
    std::visit([this](const auto& what) { follow(what); }, step);
  }
  return asked_ && !is_over() ? std::optional(asked_->user) : std::nullopt;
}

void ForwardWalk::has_file(std::string_view text) { open(*std::exchange(asked_, std::nullopt), text); }

void ForwardWalk::has_no_file(std::string remark) {
  if (!remark.empty()) leave_out(std::move(remark));
  add(asked_->mailbox, true);
  asked_.reset();
}

void ForwardWalk::is_unknown() {
  leave_out("~" + shown(open_.back().user) + "/.forward: no user " + shown(asked_->user) + " on this host");
  add_own();
  asked_.reset();
}

void ForwardWalk::cannot_tell() {
  may_ask_ = false;
  add(asked_->mailbox, false);
  asked_.reset();
}

void ForwardWalk::open(Asked whose, std::string_view text) {
  ++files_;
  proto::AliasTargets targets = proto::parse_alias_list(text).targets;
  if (targets.size() > kMostForwardTargets) {
    found_.is_too_many = true;
    return;
  }
  open_.push_back({std::move(whose.user), std::move(whose.mailbox)});
  if (targets.empty()) add_own();
  for (proto::AliasTarget& target : targets) open_.back().steps.emplace_back(std::move(target));
}

void ForwardWalk::follow(const proto::AliasTarget& target) {
  const std::string why = why_not(target);
  if (why.empty()) return follow_name(target);
  leave_out(place_of(target) + ": " + why);
  add_own();
}

void ForwardWalk::follow_name(const proto::AliasTarget& target) {
  const Frame& frame = open_.back();
  const auto mailbox = proto::Mailbox::parse_qualifying(target.text, frame.mailbox.domain());
  if (!mailbox) {
    leave_out(place_of(target) + ": " + kNoAddress);
    return add_own();
  }
  if (proto::is_command_recipient(mailbox->domain())) {
    leave_out(place_of(target) + ": " + shown(target.text) + ": a command gets mail by its alias alone");
    return add_own();
  }
  if (config_.is_local(mailbox->domain()) && user_of(*mailbox) == frame.user) return add_own();
  if (target.kind == Kind::final) return follow(*mailbox);
  follow_alias(*mailbox);
}

void ForwardWalk::follow_alias(const proto::Mailbox& mailbox) {
  AliasExpansion alias = expand_alias(config_, mailbox, kMostForwardTargets);
  found_.deferred = std::move(alias.deferred);
  steps_ += alias.steps;
  found_.is_too_many = found_.is_too_many || alias.is_too_many || steps_ > kMostSteps;
  for (std::string& reason : alias.refused) leave_out(std::move(reason));
  if (is_over()) return;
  if (alias.mailboxes.empty()) return add_own();
  if (alias.mailboxes.size() == 1 && alias.mailboxes.front() == mailbox) return follow(mailbox);
  Frame frame{open_.back().user, open_.back().mailbox, false};
  for (proto::Mailbox& one : alias.mailboxes) frame.steps.emplace_back(std::move(one));
  open_.push_back(std::move(frame));
}

void ForwardWalk::follow(const proto::Mailbox& mailbox) {
  if (!config_.is_local(mailbox.domain())) return add(mailbox, true);
  std::string user = user_of(mailbox);
  if (is_open(user)) return add(mailbox, true);
  if (!known_.insert(user).second) return;
  if (open_.size() >= 2 * kMostNested) return add(mailbox, true);
  if (!may_ask_ || files_ >= kMostFiles) return add(mailbox, false);
  asked_ = Asked{std::move(user), mailbox};
}

void ForwardWalk::add(const proto::Mailbox& mailbox, bool is_final) {
  const bool is_local = config_.is_local(mailbox.domain());
  if (!added_.insert(is_local ? DestinationName::of_user(mailbox).text() : mailbox.to_string()).second) return;
  found_.is_too_many = found_.is_too_many || found_.targets.size() >= kMostForwardTargets;
  if (!found_.is_too_many) found_.targets.push_back({mailbox, is_final});
}

void ForwardWalk::leave_out(std::string why) {
  if (found_.left_out.size() < kMostReasons) found_.left_out.push_back(std::move(why));
}

std::string ForwardWalk::place_of(const proto::AliasTarget& target) const {
  return "~" + shown(open_.back().user) + "/.forward:" + std::to_string(target.line);
}

bool ForwardWalk::is_open(const std::string& user) const {
  return std::any_of(open_.begin(), open_.end(), [&](const Frame& frame) { return frame.is_file && frame.user == user; });
}

}  // namespace mxpress::mta::routing
