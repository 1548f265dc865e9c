// Recipients of one transaction that belong to this host: aliases become their targets, and unknown names are refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dns/async.h"
#include "mta/intake/expanded_recipients.h"
#include "mta/intake/transaction_room.h"
#include "mta/routing/aliases.h"
#include "mta/smtp/server.h"

namespace mxpress::mta::system {
class UserLookup;
enum class UserAnswer : std::uint8_t;
}  // namespace mxpress::mta::system

namespace mxpress::mta::intake {

// are_told: a refusal suggests similar names, which only programs on this host may see.
enum class NearMisses { are_told, are_secret };

class LocalRecipients {
 public:
  // `users` must outlive it; null: every name is a user. `room`, of the transaction, must outlive it: recipients and their targets are
  // charged there, even while their verdict is pending.
  LocalRecipients(system::UserLookup* users, NearMisses near_misses, TransactionRoom& room)
      : users_(users), near_misses_(near_misses), room_(room) {}

  // MAIL: there are no recipients yet. The room has been released.
  void begin();
  // RCPT, first step: a task to await before judge(); nullopt: judge() can be called at once.
  std::optional<Task<void>> prepare(std::shared_ptr<const Config> config, const proto::Recipient& recipient);
  // RCPT, second step, for the recipient of prepare(). A refused one takes no memory or room any more.
  smtp::Refusal judge(const proto::Recipient& recipient);
  // After judge() without a refusal: targets that are left out, each a sentence.
  const std::vector<std::string>& left_out() const { return expansion_.refused; }
  // Adds the recipient to the message.
  void accept();

  ExpandedRecipients take() { return std::move(expanded_); }

 private:
  void forget();
  std::optional<Task<void>> expand(const proto::Recipient& recipient);
  void take_room_for(const proto::Recipient& recipient);
  smtp::Refusal verdict(const proto::Recipient& recipient);
  bool checks_users() const;
  system::UserAnswer answer_for(const proto::Mailbox& mailbox) const;
  bool is_unknown(const proto::Mailbox& mailbox) const;
  std::vector<std::string> unasked() const;
  void leave_out_unknown();
  std::string unknown_user(const proto::Mailbox& mailbox) const;
  smtp::ServerReply leads_nowhere(const proto::Mailbox& mailbox) const;

  system::UserLookup* const users_;
  const NearMisses near_misses_;
  TransactionRoom& room_;
  ExpandedRecipients expanded_;
  std::size_t count_ = 0;                 // accepted recipients...
  std::size_t mailboxes_ = 0;             // ...and their mailboxes
  std::shared_ptr<const Config> config_;  // these six: of the recipient being checked
  bool is_local_ = false;
  routing::AliasExpansion expansion_;
  std::vector<proto::Recipient> targets_;
  std::uint64_t octets_ = 0;  // charged to room_
  bool has_room_ = true;
};

}  // namespace mxpress::mta::intake
