// Records the failure of a message without trying a host.
#include "mta/delivery/returns.h"

#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/event_of.h"
#include "mta/delivery/verdict.h"
#include "mta/events/hub.h"
#include "mta/system/instant.h"
#include "queue/message_store.h"

namespace mxpress::mta::delivery {
namespace {

std::vector<std::uint32_t> pending_of(const queue::Message& message) {
  std::vector<std::uint32_t> recipients;
  for (std::uint32_t i = 0; i < message.recipients.size(); ++i) {
    if (message.recipients[i].stage == queue::RecipientStage::pending) recipients.push_back(i);
  }
  return recipients;
}

}  // namespace

void Returns::bounce(const queue::Message& message) {
  std::vector<std::uint32_t> recipients = pending_of(message);
  if (recipients.empty()) return;
  proto::HostResult why;
  why.stage = proto::Stage::local;
  why.status = message.envelope.refused.status;
  why.text = message.envelope.refused.text;
  auto report = report_without_host(std::move(recipients), proto::Outcome::failed, std::move(why), Clock::current().wall());
  std::mt19937_64 random;  // unused: nothing is tried again
  Verdict verdict = conclude(message, std::move(report), parts_.config.get()->retry, Duration(0), std::nullopt, random);
  auto attempted = std::make_shared<events::Attempted>(event_of(message, verdict, nullptr));  // std::function must be copyable
  ++under_way_;
  parts_.spool.settle(std::move(verdict.settlement), [this, is_pending = verdict.notice_pending, attempted](Status settled) {
    const proto::QueueId id = attempted->message;
    if (settled)
      parts_.events.emit(std::move(*attempted));
    else
      parts_.events.emit(events::Unrecorded{std::move(*attempted), settled.error().message});
    if (settled && is_pending) parts_.add_notice(id);
    --under_way_;
  });
}

}  // namespace mxpress::mta::delivery
