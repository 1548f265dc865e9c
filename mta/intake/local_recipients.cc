// Checks recipients of this host.
#include "mta/intake/local_recipients.h"

#include <algorithm>

#include "mta/config/config.h"
#include "mta/routing/alias_book.h"
#include "mta/system/user_lookup.h"
#include "proto/command_recipient.h"
#include "proto/printable.h"
#include "proto/spelling.h"

namespace mxpress::mta::intake {
namespace {

using proto::EnhancedStatus;
using smtp::Refusal;
using smtp::ServerReply;
using system::UserAnswer;

constexpr std::uint64_t kStepsOfTurn = 2000;  // of aliases, some microseconds each; then others on the thread get their turn

// In memory: at worst a list has just moved to twice its space, and during storing there are a copy and its record.
std::uint64_t octets_of(const proto::Mailbox& mailbox, std::size_t original_recipient) {
  constexpr std::size_t kAround = 64;  // overhead of its texts: in the record, and by rounding of allocators
  const std::size_t text = mailbox.local_part().size() + mailbox.domain().text().size() + original_recipient;
  return 3 * (sizeof(proto::Recipient) + text) + kAround;
}

std::string name_of(const proto::Mailbox& mailbox) { return proto::printable(mailbox.plain_local_part(), 64); }

// As the alias words it for the sender.
std::string words_of(const std::string& given, std::string otherwise) { return given.empty() ? std::move(otherwise) : given; }

ServerReply too_many(std::size_t most) {
  return {550, EnhancedStatus{5, 5, 3}, "Too many recipients: with what aliases lead to there are more than " + std::to_string(most)};
}

}  // namespace

void LocalRecipients::begin() {
  octets_ = 0;
  forget();
  expanded_ = {};
  count_ = mailboxes_ = 0;
}

void LocalRecipients::forget() {
  room_.give_back(std::exchange(octets_, 0));
  has_room_ = true;
  expansion_ = {};
  targets_ = {};
}

std::optional<Task<void>> LocalRecipients::prepare(std::shared_ptr<const Config> config, const proto::Recipient& recipient) {
  config_ = std::move(config);
  forget();
  auto wait = expand(recipient);
  if (!has_room_) return std::nullopt;
  return wait;
}

std::optional<Task<void>> LocalRecipients::expand(const proto::Recipient& recipient) {
  const std::size_t most = config_->max_recipients - std::min(config_->max_recipients, mailboxes_);
  is_local_ = config_->is_local(recipient.mailbox.domain());
  if (!is_local_) {
    expansion_ = {};
    expansion_.is_too_many = most == 0;
    take_room_for(recipient);
    return std::nullopt;
  }
  expansion_ = routing::expand_alias(*config_, recipient.mailbox, most);
  if (expansion_.is_too_many || !expansion_.deferred.empty()) return std::nullopt;
  take_room_for(recipient);
  if (!has_room_) return std::nullopt;
  if (checks_users()) {
    if (auto names = unasked(); !names.empty()) return users_->look_up(room_.owner(), std::move(names));
  }
  if (expansion_.steps >= kStepsOfTurn) return let_others_go_on();
  return std::nullopt;
}

void LocalRecipients::take_room_for(const proto::Recipient& recipient) {
  std::uint64_t octets = octets_of(recipient.mailbox, recipient.original_recipient.size());
  if (is_local_ && expansion_.mailboxes != std::vector{recipient.mailbox}) {
    const std::size_t original = routing::inherited_original(recipient).size();
    for (const proto::Mailbox& mailbox : expansion_.mailboxes) octets += octets_of(mailbox, original);
  }
  has_room_ = room_.add(octets);
  if (has_room_) octets_ = octets;
}

// While the aliases are unknown, a name that is not a user may be one.
bool LocalRecipients::checks_users() const {
  if (!users_ || config_->local.unknown_users == UnknownUsers::keep) return false;
  return !config_->alias_book || config_->alias_book->files()->is_known;
}

// `unavailable` for a name that has not been looked up.
UserAnswer LocalRecipients::answer_for(const proto::Mailbox& mailbox) const {
  UserAnswer worst = UserAnswer::unknown;
  for (const std::string& name : routing::user_names(mailbox)) {
    const UserAnswer answer = users_->answer(name).value_or(UserAnswer::unavailable);
    if (answer == UserAnswer::known) return answer;
    if (answer == UserAnswer::unavailable) worst = answer;
  }
  return worst;
}

bool LocalRecipients::is_unknown(const proto::Mailbox& mailbox) const {
  return config_->is_local(mailbox.domain()) && answer_for(mailbox) == UserAnswer::unknown;
}

// The user names that the answer to this recipient depends on, and that were not looked up lately.
std::vector<std::string> LocalRecipients::unasked() const {
  std::vector<std::string> names;
  const auto add = [&](const proto::Mailbox& mailbox) {
    if (!config_->is_local(mailbox.domain()) || answer_for(mailbox) == UserAnswer::known) return;
    for (std::string& name : routing::user_names(mailbox))
      if (!users_->answer(name)) names.push_back(std::move(name));
  };
  for (const proto::Mailbox& mailbox : expansion_.mailboxes) add(mailbox);
  if (expansion_.caught) add(*expansion_.caught);
  return names;
}

Refusal LocalRecipients::judge(const proto::Recipient& recipient) {
  Refusal refusal = verdict(recipient);
  if (refusal) forget();
  return refusal;
}

Refusal LocalRecipients::verdict(const proto::Recipient& recipient) {
  const proto::Mailbox& given = recipient.mailbox;
  if (expansion_.is_too_many) return too_many(config_->max_recipients);
  if (!has_room_) return ServerReply{452, EnhancedStatus{4, 5, 3}, "Too many recipients; try again later"};
  if (proto::is_command_recipient(given.domain()))
    return ServerReply{550, EnhancedStatus{5, 1, 2}, "The domain of the recipient stands for commands of aliases: write to the alias"};
  if (!is_local_) return std::nullopt;
  const bool is_told = near_misses_ == NearMisses::are_told;
  if (expansion_.defer_words)
    return ServerReply{451, EnhancedStatus{4, 3, 0}, words_of(*expansion_.defer_words, "mail for " + name_of(given) + " waits for now")};
  if (!expansion_.deferred.empty())
    return ServerReply{451, EnhancedStatus{4, 3, 0}, is_told ? expansion_.deferred : "The alias cannot be read now; try again later"};
  const bool is_alias = expansion_.mailboxes != std::vector{given};
  if (checks_users()) {
    const proto::Mailbox* const user = expansion_.caught ? &*expansion_.caught : is_alias ? nullptr : &given;
    if (user && is_unknown(*user)) return ServerReply{550, EnhancedStatus{5, 1, 1}, unknown_user(*user)};
    leave_out_unknown();
  }
  if (expansion_.mailboxes.empty()) return leads_nowhere(given);
  if (is_alias) targets_ = routing::recipients_of(recipient, expansion_.mailboxes);
  return std::nullopt;
}

void LocalRecipients::leave_out_unknown() {
  std::erase_if(expansion_.mailboxes, [this](const proto::Mailbox& mailbox) {
    if (!is_unknown(mailbox)) return false;
    expansion_.refused.push_back("no user " + name_of(mailbox) + " on this host");
    return true;
  });
}

std::string LocalRecipients::unknown_user(const proto::Mailbox& mailbox) const {
  std::string words = "no user " + name_of(mailbox) + " on this host";
  if (near_misses_ == NearMisses::are_secret) return words;
  proto::NearMiss search(routing::user_names(mailbox).back());
  for (const std::string& name : *users_->names()) search.offer(name);
  routing::offer_aliases(*config_, search);
  return search.nearest().empty() ? words : words + "; did you mean " + proto::printable(search.nearest(), 64) + "?";
}

ServerReply LocalRecipients::leads_nowhere(const proto::Mailbox& mailbox) const {
  if (expansion_.fail_words)
    return {550, EnhancedStatus{5, 1, 1}, words_of(*expansion_.fail_words, "no mail is taken for " + name_of(mailbox))};
  std::string words = "nobody gets the mail for " + name_of(mailbox);
  if (near_misses_ == NearMisses::are_told)
    for (std::size_t i = 0; i < expansion_.refused.size() && i < 3; ++i) words += (i == 0 ? ": " : "; ") + expansion_.refused[i];
  return {550, EnhancedStatus{5, 1, 1}, std::move(words)};
}

void LocalRecipients::accept() {
  mailboxes_ += is_local_ ? expansion_.mailboxes.size() : 1;
  if (!targets_.empty()) expanded_.add(count_, std::move(targets_));
  ++count_;
  octets_ = 0;  // the message has counted them now
  forget();
}

}  // namespace mxpress::mta::intake
