// Hands messages to mxpress-deliver.
#include "mta/transport/deliver_transport.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "mta/config/config.h"
#include "mta/fairness/blocking.h"
#include "mta/routing/aliases.h"
#include "mta/routing/destination_name.h"
#include "mta/routing/forward_walk.h"
#include "mta/system/crash_record.h"
#include "mta/system/instant.h"
#include "mta/transport/deliver_client.h"
#include "mta/transport/each_recipient.h"
#include "mta/transport/forwarder.h"
#include "queue/message.h"

namespace mxpress::mta::transport {
namespace {

using mailstore::Format;
using mailstore::Forwarding;
using mailstore::Reply;
using proto::Outcome;
using queue::Instant;
using routing::ForwardTargets;
using system::Descriptor;
using system::instant_now;

constexpr proto::EnhancedStatus kDelivered{2, 1, 5}, kMailboxFailure{4, 2, 0}, kNoSuchUser{5, 1, 1};
constexpr std::size_t kFront = 64u << 10;  // octets of the content that are searched for a loop
constexpr std::size_t kMostTold = 3;       // reasons
constexpr std::chrono::seconds kHang{10};  // a home or mailbox that takes so long does so whatever the message is

Format format_of(const LocalDelivery& delivery) {
  if (delivery.kind == LocalDelivery::Kind::mbox) return Format::mbox;
  return delivery.kind == LocalDelivery::Kind::maildir ? Format::maildir : Format::automatic;
}

// A user who existed when the mail was accepted may exist again tomorrow: a broken directory server may report that he does not.
proto::RecipientResult without_user(std::string text, UnknownUsers policy) {
  if (policy == UnknownUsers::keep) return local_result(Outcome::failed, kNoSuchUser, std::move(text));
  return local_result(Outcome::deferred, kMailboxFailure, std::move(text) + "; it had one when it took the mail");
}

proto::RecipientResult result_of(const Reply& reply, const std::string& user, UnknownUsers policy, const std::string& remark) {
  switch (reply.kind) {
    case Reply::Kind::delivered:
      return local_result(Outcome::delivered, kDelivered, "delivered to the mailbox of " + user + remark);
    case Reply::Kind::no_such_user:
      return without_user(reply.text, policy);
    case Reply::Kind::deferred:
      return local_result(Outcome::deferred, kMailboxFailure, reply.text);
    case Reply::Kind::forward:
    case Reply::Kind::no_forward:
      break;
  }
  return local_result(Outcome::deferred, kMailboxFailure, "the answer of mxpress-deliver makes no sense");
}

mailstore::Request request_for(const queue::Message& message, const proto::Mailbox& recipient, Format format, std::string user) {
  const proto::ReversePath& sender = message.envelope.reverse_path;
  const auto since_1970 = message.envelope.submitted.time_since_epoch();
  return {format,
          Forwarding::nothing,
          std::move(user),
          sender.is_null() ? std::string() : sender.mailbox().to_string(),
          recipient.to_string(),
          message.id.to_string(),
          std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(since_1970).count())};
}

// The remark in a delivery's reply about a ~/.forward that is not followed, or only in part.
std::string remark_of(const std::string& words) { return words.empty() ? std::string() : "; ~/.forward: " + words; }

std::string joined(const std::vector<std::string>& sentences) {
  std::string all;
  for (std::size_t i = 0; i < sentences.size() && i < kMostTold; ++i) all += (i == 0 ? "" : "; ") + sentences[i];
  return all;
}

// The part of the content that is searched for a loop.
std::string front_of(const PassedContent& content) {
  std::string text(static_cast<std::size_t>(std::min<std::int64_t>(kFront, content.size)), '\0');
  const ssize_t got = ::pread(content.file.get(), text.data(), text.size(), content.offset);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

void tell(routing::ForwardWalk& walk, const Reply& reply) {
  switch (reply.kind) {
    case Reply::Kind::forward:
      return walk.has_file(reply.text);
    case Reply::Kind::no_forward:
      return walk.has_no_file(reply.text);
    case Reply::Kind::no_such_user:
      return walk.is_unknown();
    default:
      return walk.cannot_tell();
  }
}

std::vector<proto::Recipient> recipients_for(const proto::Recipient& given, const std::vector<ForwardTargets::Target>& targets) {
  std::vector<proto::Mailbox> mailboxes;
  for (const auto& target : targets) mailboxes.push_back(target.mailbox);
  auto recipients = routing::recipients_of(given, std::move(mailboxes));
  for (std::size_t i = 0; i < recipients.size(); ++i)
    recipients[i].forwards = targets[i].is_final ? proto::kMostForwards : static_cast<std::uint8_t>(given.forwards + 1);
  return recipients;
}

}  // namespace

struct DeliverTransport::Letter {
  const Order& order;
  const std::uint32_t index;
  const std::string user;
  const PassedContent content{};

  const queue::Message& message() const { return *order.message; }
  const proto::Recipient& recipient() const { return message().envelope.recipients[index]; }
  const LocalConfig& config() const { return order.config->local; }
};

Task<AttemptReport> DeliverTransport::deliver(Order& order) {
  co_return co_await deliver_each(order, [this, &order](std::uint32_t recipient) { return deliver_one(order, recipient); });
}

Task<OneResult> DeliverTransport::deliver_one(const Order& order, std::uint32_t index) {
  const queue::Message& message = *order.message;
  const proto::Recipient& recipient = message.envelope.recipients[index];
  std::string user = routing::user_of(recipient.mailbox);
  if (!mailstore::is_user_name(user)) co_return local_result(Outcome::failed, kNoSuchUser, "this host has no user of that name");
  auto read = [content = message.content, id = message.id] {
    const system::HandlingNow now(id);
    return pass_content(*content);
  };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), message.content->size()};
  auto content = co_await fairness::run_blocking(files_, turn, std::move(read));
  if (!content) co_return local_result(Outcome::deferred, kMailboxFailure, content.error().message);
  const Letter letter{order, index, std::move(user), std::move(*content)};
  const bool follows = recipient.forwards < proto::kMostForwards;
  const Instant began = instant_now();
  Reply reply = co_await ask(letter, letter.user, follows ? Forwarding::first : Forwarding::nothing);
  if (reply.kind == Reply::Kind::forward) co_return co_await forward(letter, std::move(reply));
  const bool is_of_message = reply.has_come && instant_now() - began < kHang;
  co_return OneResult(result_of(reply, letter.user, letter.config().unknown_users, remark_of(reply.text)),
                      is_of_message ? FailureOf::message : FailureOf::site);
}

Task<Reply> DeliverTransport::ask(const Letter& letter, std::string user, Forwarding forwarding) {
  const LocalConfig& local = letter.config();
  auto request = request_for(letter.message(), letter.recipient().mailbox, format_of(local.delivery()), std::move(user));
  request.forwarding = forwarding;
  co_return co_await ask_deliver(local.deliver_socket, std::move(request), letter.content);
}

Task<proto::RecipientResult> DeliverTransport::deliver_to_mailbox(const Letter& letter, std::string remark) {
  const Reply reply = co_await ask(letter, letter.user, Forwarding::nothing);
  co_return result_of(reply, letter.user, letter.config().unknown_users, remark_of(remark));
}

Task<proto::RecipientResult> DeliverTransport::forward(const Letter& letter, Reply file) {
  const Config& config = *letter.order.config;
  const proto::Recipient& recipient = letter.recipient();
  if (was_delivered_to(front_of(letter.content), recipient.mailbox))
    co_return co_await deliver_to_mailbox(letter, "the message was forwarded from here before (Delivered-To), a loop");
  routing::ForwardWalk walk(config, recipient.mailbox, file.text);
  while (const auto user = walk.next()) {
    if (!mailstore::is_user_name(*user))
      walk.is_unknown();
    else
      tell(walk, co_await ask(letter, *user, Forwarding::alone));
  }
  const ForwardTargets found = walk.take();
  if (!found.deferred.empty()) co_return local_result(Outcome::deferred, kMailboxFailure, found.deferred);
  if (found.is_too_many)
    co_return co_await deliver_to_mailbox(letter, "leads to more than " + std::to_string(routing::kMostForwardTargets) + " recipients");
  const bool is_own = found.targets.size() == 1 && found.targets.front().mailbox == recipient.mailbox;
  if (is_own) co_return co_await deliver_to_mailbox(letter, joined(found.left_out));
  if (!letter.order.wanted()) co_return proto::RecipientResult();
  const Forwarder::From from{letter.message(), letter.index, file.uid};
  const auto stored = co_await forwarder_.forward(from, recipients_for(recipient, found.targets), config);
  if (!stored) co_return local_result(Outcome::deferred, kMailboxFailure, "cannot forward by ~/.forward: " + stored.error().message);
  const std::string count = std::to_string(found.targets.size()) + (found.targets.size() == 1 ? " recipient" : " recipients");
  const std::string words = "forwarded by ~/.forward of " + letter.user + " to " + count + " as " + stored->to_string();
  auto result = local_result(Outcome::delivered, kDelivered, words + remark_of(joined(found.left_out)));
  result.dsn_passed_on = true;
  co_return result;
}

}  // namespace mxpress::mta::transport
