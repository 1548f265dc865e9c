// Two timers: one to store, one to look for reports that are due.
#include "mta/tlsrpt/report_sender.h"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "dns/resolver.h"
#include "mta/config/config.h"
#include "mta/http_client/exchange.h"
#include "mta/system/log.h"
#include "mta/system/spool_async.h"
#include "mta/tlsrpt/record.h"
#include "mta/tlsrpt/recorder.h"
#include "mta/tlsrpt/report.h"
#include "proto/printable.h"

namespace mxpress::mta::tlsrpt {
namespace {

// After a try that left something to send. RFC 8460 5.5: for 24 hours.
constexpr std::array<std::chrono::minutes, ReportSender::kMostTries - 1> kWaits{
    std::chrono::minutes(5), std::chrono::minutes(30), std::chrono::hours(2), std::chrono::hours(6), std::chrono::hours(12)};
constexpr std::size_t kMostWords = 300;
constexpr std::uint16_t kHttps = 443;

LogLine line_about(Priority priority, const DomainDay& day) {
  LogLine line(priority, "tlsrpt");
  line.add("domain", day.domain).add("day", to_string(day.day));
  return line;
}

void log_failure(const DomainDay& day, const std::string& uri, const std::string& why) {
  LogLine line = line_about(Priority::notice, day);
  log(line.add("to", proto::printable(uri, kMostWords)).add("reason", proto::printable(why, kMostWords)));
}

}  // namespace

ReportSender::ReportSender(Parts parts) : parts_(std::move(parts)), random_(parts_.seed), store_timer_(parts_.io), look_timer_(parts_.io) {
  parts_.recorder.when_changed([this] { asio::post(parts_.io, [this] { changed(); }); });
  asio::post(parts_.io, [this] { look_later(kFirstLook); });
}

ReportSender::~ReportSender() { parts_.recorder.when_changed(nullptr); }

void ReportSender::stop() {
  is_stopped_ = true;
  store_timer_.cancel();
  look_timer_.cancel();
  parts_.recorder.save_now();
}

void ReportSender::changed() {
  if (is_stopped_) return;
  ask_more();
  store_soon();
}

void ReportSender::store_soon() {
  if (is_stopped_ || will_store_) return;
  const std::size_t octets = parts_.recorder.unsaved();
  if (octets == 0) return;
  will_store_ = true;
  store_timer_.expires_after(kStoreAfter + std::chrono::seconds(octets / kOctetsOfSecond));
  store_timer_.async_wait([this](boost::system::error_code error) {
    if (error) return;
    will_store_ = false;
    parts_.recorder.save(parts_.files);
  });
}

void ReportSender::look_later(std::chrono::seconds wait) {
  if (is_stopped_) return;
  look_timer_.expires_after(wait);
  look_timer_.async_wait([this](boost::system::error_code error) {
    if (error || is_stopped_) return;
    look();
    look_later(kLookEvery);
  });
}

void ReportSender::look() {
  send_more();
  store_soon();
}

void ReportSender::ask_more() {
  if (is_stopped_ || asking_ >= kMostAtOnce) return;
  ++asking_;
  asio::co_spawn(parts_.io, ask(), [this](std::exception_ptr error) {
    log_bug("asking for a TLSRPT record", error);
    --asking_;
  });
}

// RFC 8460 3: asked for beside deliveries, which do not wait for it. If the DNS does not answer, it is asked again for the report.
Task<void> ReportSender::ask() {
  const auto resolver = parts_.make_resolver(parts_.io, *parts_.config.get());
  while (!is_stopped_) {
    const auto domain = parts_.recorder.next_to_ask();
    if (!domain) co_return;
    const dns::Answer answer = co_await resolver->resolve(dns::Question{record_name(*domain), dns::RecordType::txt});
    if (answer.kind == dns::AnswerKind::failed) continue;
    const auto receivers = receivers_in(answer.texts);
    if (!receivers || receivers->empty()) parts_.recorder.wants_none(*domain, answer.ttl);
    store_soon();
  }
}

void ReportSender::send_more() {
  for (const Ledger::Key& key : parts_.recorder.due()) {
    if (sending_.size() >= kMostAtOnce) return;
    if (!sending_.insert(key).second) continue;
    asio::co_spawn(parts_.io, send(key), [this, key](std::exception_ptr error) {
      log_bug("the report about TLS for " + key.second, error);
      if (error) parts_.recorder.forget(key);
      sending_.erase(key);
      if (is_stopped_) return;
      store_soon();
      send_more();
    });
  }
}

Task<void> ReportSender::send(Ledger::Key key) {
  auto day = parts_.recorder.find(key);
  if (!day) co_return;
  if (day->sending.pending.empty() && !co_await find_receivers(*day)) co_return;
  std::vector<std::string> left;
  for (const std::string& uri : day->sending.pending)
    if (!co_await deliver(*day, uri)) left.push_back(uri);
  day->sending.pending = std::move(left);
  if (day->sending.pending.empty()) co_return parts_.recorder.forget(key);
  put_off(std::move(*day));
}

// False: there is none now.
Task<bool> ReportSender::find_receivers(DomainDay& day) {
  const auto resolver = parts_.make_resolver(parts_.io, *parts_.config.get());
  const dns::Answer answer = co_await resolver->resolve(dns::Question{record_name(day.domain), dns::RecordType::txt});
  if (answer.kind == dns::AnswerKind::failed) co_return put_off(day), false;
  const auto receivers = receivers_in(answer.texts);
  if (!receivers) log_failure(day, record_name(day.domain), receivers.error().message);
  if (!receivers || receivers->empty()) co_return parts_.recorder.forget({day.day, day.domain}), false;
  for (const Receiver& receiver : *receivers) day.sending.pending.push_back(receiver.uri);
  co_return true;
}

// Those that are pending were in a record, or in a file that has its digest.
Task<bool> ReportSender::deliver(const DomainDay& day, std::string uri) {
  auto receiver = parse_receiver(uri);
  if (!receiver) co_return true;
  if (std::holds_alternative<proto::Mailbox>(receiver->to)) co_return co_await mail(day, std::move(*receiver));
  co_return co_await post(day, std::move(*receiver));
}

Task<bool> ReportSender::mail(const DomainDay& day, Receiver receiver) {
  const auto config = parts_.config.get();
  const auto& to = std::get<proto::Mailbox>(receiver.to);
  // Whoever publishes a record must not choose which users and programs of this host get mail.
  if (config->is_local(to.domain())) co_return log_failure(day, receiver.uri, "it is an address of this host"), true;
  if (!may_send_to(to.domain().text(), day)) co_return true;
  queue::NewMessage message = report_mail(day, reporter_of(*config), to, *config, Clock::current().wall(), random_());
  const proto::Envelope envelope = message.envelope;
  const auto stored = co_await mta::store(parts_.spool, parts_.spool.next_id(), std::move(message));
  if (!stored) co_return log_failure(day, receiver.uri, stored.error().message), false;
  log(line_about(Priority::info, day).add("to", to.in_brackets()).add("message", stored->to_string()));
  parts_.admit(*stored, envelope);
  co_return true;
}

// RFC 8460 5.4
Task<bool> ReportSender::post(const DomainDay& day, Receiver receiver) {
  const auto config = parts_.config.get();
  const auto& url = std::get<proto::HttpsUrl>(receiver.to);
  if (url.port != kHttps) co_return log_failure(day, receiver.uri, "reports go to port 443 alone"), true;
  const auto reach = parts_.reach(*config);
  if (!reach) co_return log_failure(day, receiver.uri, "the addresses of this host are not known"), false;
  if (!may_send_to(url.host, day)) co_return true;
  const auto resolver = parts_.make_resolver(parts_.io, *config);
  const auto connector = parts_.make_connector(parts_.io);
  http_client::Request request;
  request.url = url;
  request.content_type = "application/tlsrpt+gzip";
  request.content = auth::Secret(gzip(report_json(day, reporter_of(*config))));
  request.accept = "*/*";
  http_client::Exchange exchange(*resolver, *connector, *reach, [] {});
  const auto response = co_await exchange.run(std::move(request), BootClock::now() + kPostTime);
  if (!response) co_return log_failure(day, receiver.uri, response.error().message), false;
  if (response->status / 100 != 2)
    co_return log_failure(day, receiver.uri, "the host answers with " + std::to_string(response->status)), false;
  log(line_about(Priority::info, day).add("to", proto::printable(receiver.uri, kMostWords)));
  co_return true;
}

// Counts the report. The first that has no room is told.
bool ReportSender::may_send_to(const std::string& receiver, const DomainDay& day) {
  const Day today = day_of(Clock::current().wall());
  if (std::exchange(counted_, today) != today) sent_.clear();
  const std::uint32_t count = ++sent_[receiver];
  if (count == kMostToReceiver + 1)
    log_failure(day, receiver, "it has got " + std::to_string(kMostToReceiver) + " reports today; further ones are left out");
  return count <= kMostToReceiver;
}

void ReportSender::put_off(DomainDay day) {
  const Ledger::Key key{day.day, day.domain};
  if (++day.sending.tries >= kMostTries) {
    log(line_about(Priority::notice, day).add("note", "the report is given up"));
    return parts_.recorder.forget(key);
  }
  day.sending.next_try = Clock::current().wall() + kWaits[day.sending.tries - 1];
  parts_.recorder.set_sending(key, std::move(day.sending));
}

}  // namespace mxpress::mta::tlsrpt
