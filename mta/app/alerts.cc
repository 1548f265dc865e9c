// Turns announcements into mail and commands.
#include "mta/app/alerts.h"

#include <boost/asio/post.hpp>
#include <utility>

#include "mta/app/alert_text.h"
#include "mta/app/outage_response.h"
#include "mta/config/config.h"
#include "mta/delivery/deliverer.h"
#include "mta/runner/client.h"
#include "mta/system/instant.h"
#include "queue/message_store.h"

namespace mxpress::mta {

Alerts::Alerts(Parts parts) : parts_(std::move(parts)), timer_(parts_.io) {
  announce_to([this](const AlertDesk::Fields& alert) { asio::post(parts_.io, [this, alert] { take(alert); }); });
}

void Alerts::stop() {
  announce_to(nullptr);
  stop_.request_stop();
  if (commands_) commands_->join();
}

void Alerts::take(AlertDesk::Fields alert) {
  if (stop_.stop_requested()) return;
  if (const auto now = desk_.take(std::move(alert), system::instant_now())) tell(*now);
  arm();
}

void Alerts::arm() {
  const auto next = desk_.next();
  if (!next) return;
  timer_.expires_at(system::to_boot_time(*next));
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || stop_.stop_requested()) return;
    for (const AlertDesk::Fields& alert : desk_.due(system::instant_now())) tell(alert);
    arm();
  });
}

void Alerts::tell(const AlertDesk::Fields& alert) {
  const auto config = parts_.config.get();
  send(alert);
  const AlertText text = text_of(alert, config->hostname);
  if (!config->alerts.command.empty()) run_command(text.subject + "\n\n" + text.body);
}

void Alerts::send(const AlertDesk::Fields& alert) {
  const auto config = parts_.config.get();
  const queue::QueueId id = parts_.spool.next_id();
  const auto is_broken = [this](const routing::Route& route) { return parts_.outages.is_broken(route); };
  auto mail = mail_of(text_of(alert, config->hostname), *config, is_broken, Clock::current().wall(), id.to_string());
  if (!mail) return;
  const proto::Envelope envelope = mail->envelope;
  parts_.spool.store_as(id, std::move(*mail), [this, envelope](const Result<queue::QueueId>& stored) {
    if (!stored) return log(LogLine(Priority::error, "alert").add("reason", stored.error().message).add("note", "it is in the log alone"));
    asio::post(parts_.io, [this, id = *stored, envelope] { parts_.deliverer.admit(id, envelope); });
  });
}

void Alerts::run_command(const std::string& text) {
  if (!commands_) commands_.emplace(1);
  asio::post(*commands_, [text, runner = parts_.config.get()->runner, stop = stop_.get_token()] {
    if (stop.stop_requested()) return;
    if (const auto ran = runner::tell_alert(runner, text, stop); !ran)
      log(LogLine(Priority::error, "alert").add("command", "failed").add("reason", ran.error().message));
  });
}

}  // namespace mxpress::mta
