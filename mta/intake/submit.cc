// The sink for sessions of all entrances.
#include "mta/intake/submit.h"

#include <utility>

#include "mta/config/config.h"
#include "mta/intake/incoming.h"
#include "mta/intake/local_recipients.h"
#include "mta/smtp/server_session.h"
#include "mta/system/log.h"
#include "mta/system/log_limit.h"
#include "proto/command_recipient.h"
#include "queue/message_store.h"

namespace mxpress::mta::intake {
namespace {

using proto::EnhancedStatus;
using smtp::Refusal;
using smtp::ServerReply;

// Only programs on this host may see similar names.
NearMisses near_misses(const Entrance& entrance) {
  return entrance.completion == Completion::complete ? NearMisses::are_told : NearMisses::are_secret;
}

}  // namespace

Result<smtp::ServerOptions> server_options(const Config& config, Completion completion) {
  auto own = proto::Domain::parse(config.hostname);
  if (!own.ok()) return own.error();
  const auto form = completion == Completion::complete ? proto::AddressForm::submission : proto::AddressForm::smtp;
  smtp::ServerOptions options{.hostname = config.hostname, .addresses = {std::move(*own), form}};
  options.offers_require_tls = completion == Completion::complete;
  options.max_message_size = config.max_message_size;
  options.max_refused = config.max_message_size * 2;
  options.max_recipients = config.max_recipients;
  options.idle = config.timeouts.server_idle;
  options.content = config.timeouts.session;
  return options;
}

Submission::Submission(Context& context, Entrance entrance)
    : context_(context),
      entrance_(std::move(entrance)),
      room_(*context.transactions, entrance_.owner()),
      local_(std::make_unique<LocalRecipients>(context.users, near_misses(entrance_), room_)) {}

Submission::~Submission() = default;

void Submission::hello(std::string name, smtp::Greeting greeting) {
  entrance_.submitter.client_name = std::move(name);
  entrance_.greeting = greeting;
}

Refusal Submission::begin(const proto::ReversePath& sender, std::uint64_t declared_size) {
  sender_ = sender;
  room_.release();
  local_->begin();
  if (!sender.is_null() && proto::is_command_recipient(sender.mailbox().domain()))
    return ServerReply{550, EnhancedStatus{5, 1, 8}, "The domain of the sender stands for commands of aliases: no notice may go there"};
  const Status room = context_.spool.room_for(declared_size);
  if (!room.ok()) return ServerReply{452, EnhancedStatus{4, 3, 1}, room.error().message};
  return std::nullopt;
}

std::optional<Task<void>> Submission::prepare(const proto::Recipient& recipient) {
  return local_->prepare(context_.config.get(), recipient);
}

// Every client may send to everybody: the listeners decide who may be a client.
Refusal Submission::recipient(const proto::Recipient& recipient) {
  if (Refusal refusal = local_->judge(recipient)) return refusal;
  if (!local_->left_out().empty()) log_left_out(recipient);
  local_->accept();
  return std::nullopt;
}

void Submission::log_left_out(const proto::Recipient& recipient) const {
  for (const std::string& reason : local_->left_out()) {
    if (!may_log(entrance_.owner(), "alias-left-out")) return;
    LogLine line(Priority::warning, "alias-left-out");
    log(line.add("for", recipient.mailbox.in_brackets()).add("reason", reason));
  }
}

std::variant<std::unique_ptr<smtp::IncomingMessage>, ServerReply> Submission::open(proto::Envelope envelope) {
  auto message =
      std::make_unique<Incoming>(context_, entrance_, context_.config.get(), std::move(envelope), local_->take(), std::move(room_));
  if (objection_) message->return_because(*std::exchange(objection_, std::nullopt));
  return message;
}

void Submission::refused(std::string_view what, const ServerReply& reply) {
  if (!may_log(entrance_.owner(), "rejected")) return;
  LogLine line(Priority::notice, "rejected");
  line.add("at", what).add("reply", reply.to_string()).add("entrance", entrance_.submitter.entrance);
  if (!sender_.is_null()) line.add("from", sender_.in_brackets());
  if (entrance_.submitter.uid >= 0) line.add("uid", entrance_.submitter.uid);
  if (!entrance_.submitter.client_address.empty()) line.add("client", entrance_.submitter.client_address);
  log(line);
}

}  // namespace mxpress::mta::intake
