// Delivers mail to commands of aliases.
#include "mta/transport/command_transport.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "mta/config/config.h"
#include "mta/fairness/blocking.h"
#include "mta/routing/aliases.h"
#include "mta/runner/alias_request.h"
#include "mta/runner/protocol.h"
#include "mta/system/crash_record.h"
#include "mta/transport/deliver_client.h"
#include "mta/transport/each_recipient.h"
#include "proto/command_recipient.h"
#include "proto/sysexits.h"
#include "queue/message.h"

namespace mxpress::mta::transport {
namespace {

using proto::Outcome;
using runner::AliasReply;

constexpr std::uint64_t kForSmallMail = 32u << 20;  // octets of the disk beyond the reserve, as large mail leaves (queue/disk_room.h)
constexpr std::chrono::seconds kBeyondTimeout{15};  // the runner needs to end a command that hangs
constexpr proto::EnhancedStatus kDelivered{2, 0, 0}, kFailure{4, 3, 0}, kNoSuchCommand{5, 1, 1};

// The status for an exit code of sysexits.h.
proto::EnhancedStatus status_of(int exit) {
  switch (static_cast<proto::ExitCode>(exit)) {
    case proto::ExitCode::no_user:
      return {5, 1, 1};
    case proto::ExitCode::data:
      return {5, 6, 0};
    default:
      return {5, 3, 0};
  }
}

std::string time_in_words(std::time_t when) {
  std::tm parts{};
  char text[64];
  ::gmtime_r(&when, &parts);
  return {text, std::strftime(text, sizeof text, "%a %b %e %H:%M:%S %Y", &parts)};
}

std::string sender_of(const queue::Message& message) {
  const proto::ReversePath& sender = message.envelope.reverse_path;
  return sender.is_null() ? std::string() : sender.mailbox().to_string();
}

// The address that was written to, where it is known. A client may have named another one, or anything, by ORCPT.
std::string recipient_of(const proto::Recipient& recipient, const std::string& alias, const Config& config) {
  const auto given = proto::Mailbox::parse(routing::original_address(recipient));
  if (given && config.is_local(given->domain())) return given->to_string();
  return alias + "@" + config.own_domain().text();
}

// The format that other mail programs give to commands: a "From " line in front, LF line ends.
std::string front_of(const queue::Message& message, const std::string& recipient) {
  const std::string sender = sender_of(message);
  const auto since_1970 = std::chrono::duration_cast<std::chrono::seconds>(message.envelope.submitted.time_since_epoch()).count();
  return "From " + (sender.empty() ? "MAILER-DAEMON" : sender) + " " + time_in_words(since_1970) + "\nReturn-Path: <" + sender +
         ">\nDelivered-To: " + recipient + "\n";
}

proto::RecipientResult result_of(const AliasReply& reply, const std::string& alias) {
  switch (reply.kind) {
    case AliasReply::Kind::delivered:
      return local_result(Outcome::delivered, kDelivered, "the command of the alias " + alias + " has taken it");
    case AliasReply::Kind::failed:
      return local_result(Outcome::failed, status_of(reply.status), reply.text);
    case AliasReply::Kind::deferred:
      break;
  }
  return local_result(Outcome::deferred, kFailure, reply.text);
}

// There is no success that anybody could be told of.
proto::RecipientResult discarded(const std::string& alias) {
  auto result = local_result(Outcome::delivered, kDelivered, "thrown away, as the alias " + alias + " wants it");
  result.dsn_passed_on = true;
  return result;
}

}  // namespace

CommandTransport::CommandTransport(fairness::FileTurns* files, std::size_t workers)
    : files_(files), most_orders_(std::clamp<std::size_t>(runner::kMostAsked / workers, 1, kMostOrders)) {}

Task<AttemptReport> CommandTransport::deliver(Order& order) {
  co_return co_await deliver_each(order, [this, &order](std::uint32_t recipient) { return deliver_one(order, recipient); });
}

Task<OneResult> CommandTransport::deliver_one(const Order& order, std::uint32_t index) {
  const queue::Message& message = *order.message;
  const proto::Recipient& recipient = message.envelope.recipients[index];
  const Config& config = *order.config;
  if (const auto alias = proto::discarding_alias(recipient.mailbox)) co_return discarded(*alias);
  const auto command = proto::alias_command(recipient.mailbox);
  if (!command) co_return local_result(Outcome::failed, kNoSuchCommand, "there is no such command of an alias");
  if (!config.local.allow_commands)
    co_return OneResult(local_result(Outcome::deferred, kFailure, "no command is run for mail ([local] allow_commands is false)"),
                        FailureOf::site);
  const std::string given = recipient_of(recipient, command->alias, config);
  auto read = [content = message.content, id = message.id, front = front_of(message, given), folder = config.spool_directory,
               reserve = config.spool_reserve + kForSmallMail] {
    const system::HandlingNow now(id);
    return text_for_command(front, *content, folder, reserve);
  };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), message.content->size()};
  auto content = co_await fairness::run_blocking(files_, turn, std::move(read));
  if (!content) co_return local_result(Outcome::deferred, kFailure, content.error().message);
  const Helper helper{"mxpress-runner", "mxpress-commands.socket",
                      std::chrono::duration_cast<std::chrono::seconds>(config.runner.timeout) + kBeyondTimeout, runner::kMaxAliasReply};
  const auto packet = co_await ask_helper(config.local.command_socket, runner::format_alias_request({*command, sender_of(message), given}),
                                          *content, helper);
  if (!packet) co_return OneResult(local_result(Outcome::deferred, kFailure, packet.error().message), FailureOf::site);
  const auto reply = runner::parse_alias_reply(*packet);
  if (!reply) co_return local_result(Outcome::deferred, kFailure, "the answer of mxpress-runner makes no sense: is it of another version?");
  co_return result_of(*reply, command->alias);
}

}  // namespace mxpress::mta::transport
