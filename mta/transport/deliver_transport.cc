// Hands messages to mxpress-deliver.
#include "mta/transport/deliver_transport.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "mta/config/config.h"
#include "mta/fairness/blocking.h"
#include "mta/routing/destination_name.h"
#include "mta/system/crash_record.h"
#include "mta/transport/deliver_client.h"
#include "queue/message.h"

namespace mxpress::mta::transport {
namespace {

using mailstore::Format;
using mailstore::Reply;
using proto::Outcome;

constexpr proto::EnhancedStatus kDelivered{2, 1, 5}, kMailboxFailure{4, 2, 0}, kNoSuchUser{5, 1, 1};

Format format_of(const LocalDelivery& delivery) {
  if (delivery.kind == LocalDelivery::Kind::mbox) return Format::mbox;
  return delivery.kind == LocalDelivery::Kind::maildir ? Format::maildir : Format::automatic;
}

proto::RecipientResult result(Outcome outcome, proto::EnhancedStatus status, std::string text) {
  return {outcome, {proto::Stage::local, "", "", "", status, 0, std::move(text), false}};
}

// A user whom the host had when the mail was taken in may be back tomorrow: a directory server may say "none" while it is broken.
proto::RecipientResult without_user(std::string text, UnknownUsers policy) {
  if (policy == UnknownUsers::keep) return result(Outcome::failed, kNoSuchUser, std::move(text));
  return result(Outcome::deferred, kMailboxFailure, std::move(text) + "; it had one when it took the mail");
}

proto::RecipientResult result_of(const Reply& reply, const std::string& user, UnknownUsers policy) {
  switch (reply.kind) {
    case Reply::Kind::delivered:
      return result(Outcome::delivered, kDelivered, "delivered to the mailbox of " + user);
    case Reply::Kind::no_such_user:
      return without_user(reply.text, policy);
    case Reply::Kind::deferred:
      break;
  }
  return result(Outcome::deferred, kMailboxFailure, reply.text);
}

mailstore::Request request_for(const queue::Message& message, const proto::Mailbox& recipient, Format format, std::string user) {
  const proto::ReversePath& sender = message.envelope.reverse_path;
  const auto since_1970 = message.envelope.submitted.time_since_epoch();
  return {format,
          std::move(user),
          sender.is_null() ? std::string() : sender.mailbox().to_string(),
          recipient.to_string(),
          message.id.to_string(),
          std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::seconds>(since_1970).count())};
}

}  // namespace

Task<AttemptReport> DeliverTransport::deliver(Order& order) {
  AttemptReport report;
  report.attempt.time = Clock::current().wall();
  report.attempt.recipients = order.recipients;
  report.dsn_passed_on = true;
  for (const std::uint32_t recipient : order.recipients) {
    const bool has_failed = !report.results.empty() && report.results.back().outcome == Outcome::deferred;
    if (has_failed)
      report.results.push_back(report.results.back());
    else if (!order.wanted())
      report.results.push_back({});
    else
      report.results.push_back(co_await deliver_one(order, recipient));
  }
  report.ended = Clock::current().wall();
  const auto tried = [](const proto::RecipientResult& one) { return one.outcome != Outcome::untried; };
  const auto last = std::find_if(report.results.rbegin(), report.results.rend(), tried);
  if (last == report.results.rend()) co_return report;
  const auto took = std::chrono::duration_cast<Duration>(report.ended - report.attempt.time);
  report.attempt.hosts.push_back({last->last, report.attempt.time, {}, took, false});
  report.failure = last->last;
  report.site_failed = last->outcome == Outcome::deferred;
  co_return report;
}

Task<proto::RecipientResult> DeliverTransport::deliver_one(const Order& order, std::uint32_t recipient) {
  const queue::Message& message = *order.message;
  const proto::Mailbox& mailbox = message.envelope.recipients[recipient].mailbox;
  const std::string user = routing::user_of(mailbox);
  if (!mailstore::is_user_name(user)) co_return result(Outcome::failed, kNoSuchUser, "this host has no user of that name");
  auto read = [content = message.content, id = message.id] {
    const system::HandlingNow now(id);
    return content_in_memory(*content);
  };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), message.content->size()};
  auto content = co_await fairness::run_blocking(files_, turn, std::move(read));
  if (!content) co_return result(Outcome::deferred, kMailboxFailure, content.error().message);
  const auto& local = order.config->local;
  const Reply reply =
      co_await ask_deliver(local.deliver_socket, request_for(message, mailbox, format_of(local.delivery()), user), std::move(*content));
  co_return result_of(reply, user, local.unknown_users);
}

}  // namespace mxpress::mta::transport
