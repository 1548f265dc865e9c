// Delivers messages to this host's own mailbox.
#include "mta/transport/mailbox_transport.h"

#include "mta/config/config.h"
#include "mta/fairness/blocking.h"
#include "mta/system/crash_record.h"
#include "mta/transport/local_mailbox.h"
#include "mta/transport/session_key.h"
#include "queue/message.h"

namespace mxpress::mta::transport {
namespace {

const proto::EnhancedStatus kMailboxFailure{4, 2, 0};
const proto::EnhancedStatus kStoredLocally{2, 1, 5};

}  // namespace

Task<AttemptReport> MailboxTransport::deliver(Order& order) {
  const queue::Message& message = *order.message;
  const std::string to = message.envelope.recipients[order.recipients.front()].mailbox.to_string();
  auto write = [&message, &config = *order.config, &to] {
    const system::HandlingNow now(message.id);
    return deliver_to_mailbox(config.mailbox_directory(), config.local.mailbox_limit, message, to);
  };
  const fairness::FileTurns::Turn turn{message.envelope.submitter.share_owner(), message.content ? message.content->size() : 0};
  const Status status = co_await fairness::run_blocking(files_, turn, std::move(write));
  proto::HostResult result{proto::Stage::local, "", "", "", kStoredLocally, 0, "kept in this host's mailbox", false};
  if (!status) {
    result.status = kMailboxFailure;
    result.text = status.error().message;
  }
  const auto outcome = status ? proto::Outcome::delivered : proto::Outcome::deferred;
  auto report = report_without_host(order.recipients, outcome, std::move(result), Clock::current().wall());
  report.site_failed = false;
  co_return report;
}

}  // namespace mxpress::mta::transport
