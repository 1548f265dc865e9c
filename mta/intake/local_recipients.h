// Recipients of one transaction that belong to this host: aliases become their targets, and names that nobody has are refused.
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

// Whether near misses are named: only programs on this host are told which names there are.
enum class NearMisses { are_told, are_secret };

class LocalRecipients {
 public:
  // `users` outlives it; null: every name is that of a user. `room`, of the transaction, outlives it: recipients and what they lead to are
  // counted there, also while their verdict is waited for.
  LocalRecipients(system::UserLookup* users, NearMisses near_misses, TransactionRoom& room)
      : users_(users), near_misses_(near_misses), room_(room) {}

  // MAIL: none yet. The room has been released.
  void begin();
  // RCPT, first. What has to be waited for before judge(); nothing: judge() can be called at once.
  std::optional<Task<void>> prepare(std::shared_ptr<const Config> config, const proto::Recipient& recipient);
  // RCPT, then: the one that was prepared. One that is refused takes no memory and no room any more.
  smtp::Refusal judge(const proto::Recipient& recipient);
  // Behind judge() that refuses nothing: targets that the others do without, each a sentence.
  const std::vector<std::string>& left_out() const { return expansion_.refused; }
  // The recipient belongs to the message.
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
  std::size_t count_ = 0;                 // recipients that were accepted...
  std::size_t mailboxes_ = 0;             // ...and what they lead to
  std::shared_ptr<const Config> config_;  // these six: of the recipient that is being judged
  bool is_local_ = false;
  routing::AliasExpansion expansion_;
  std::vector<proto::Recipient> targets_;
  std::uint64_t octets_ = 0;  // of room_
  bool has_room_ = true;
};

}  // namespace mxpress::mta::intake
