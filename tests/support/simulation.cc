// A small internet in virtual time.
#include "tests/support/simulation.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <stdexcept>

#include "mta/auth/login_keeper.h"
#include "mta/auth/login_sources.h"
#include "mta/config/config.h"
#include "mta/content/dkim_signer.h"
#include "mta/delivery/outages.h"
#include "mta/http_client/reach.h"
#include "mta/routing/route_files.h"
#include "mta/routing/sender_rules.h"
#include "mta/routing/signing_keys.h"
#include "mta/system/log.h"
#include "proto/mail_data.h"

namespace mxpress::testing {
namespace {

mta::Config parse(const std::string& toml) {
  // The machine that runs the tests may have a documentation address itself.
  std::string always = "hostname = \"mail.here.example\"\ndelivery.allow_addresses = [\"192.0.2.0/24\"]\n";
  if (toml.find("mta_sts") == toml.npos) always += "delivery.mta_sts = false\n";  // no question more than a test is about
  if (toml.find("tls.reports") == toml.npos) always += "tls.reports = false\n";   // the same
  auto config = mta::parse_config(always + toml, "test.toml");
  if (!config) throw std::runtime_error(config.error().message);
  config->route_files = mta::routing::RouteFiles::load(*config, mta::auth::LoginKeeper(mta::auth::make_login_source).configure(*config));
  const auto keys = mta::routing::load_signing_keys(*config);
  if (!keys) throw std::runtime_error(keys.error().message);
  const auto all_sign = [](const auto&, const auto&) { return true; };
  if (!keys->domains.empty())
    config->signer =
        std::make_shared<mta::content::DkimSigner>(mta::routing::ring_of(*keys, all_sign), mta::routing::signing_rule(config->senders));
  return std::move(*config);
}

// One line without its CRLF; nullopt if the client has closed.
Task<std::optional<std::string>> read_line(mta::net::Stream& stream, std::string& buffer) {
  for (;;) {
    const auto end = buffer.find("\r\n");
    if (end != std::string::npos) {
      std::string line = buffer.substr(0, end);
      buffer.erase(0, end + 2);
      co_return line;
    }
    char piece[4096];
    const auto got = co_await stream.read_some(piece, sizeof piece);
    if (!got || *got == 0) co_return std::nullopt;
    buffer.append(piece, *got);
  }
}

Task<std::optional<std::string>> read_content(mta::net::Stream& stream, std::string& buffer) {
  std::string content;
  for (;;) {
    auto line = co_await read_line(stream, buffer);
    if (!line) co_return std::nullopt;
    if (*line == ".") co_return content;
    content += *line + "\r\n";
  }
}

Task<void> say(mta::net::Stream& stream, std::string line) {
  const std::string text = line + "\r\n";
  (void)(co_await stream.write(text)).ok();
}

// The reply to one command; empty: the connection ends.
Task<std::string> answer(SimulatedHost& host, mta::net::Stream& stream, std::string& buffer, SimulatedMail& mail, std::string line) {
  if (line.starts_with("EHLO")) co_return "250 mx.there.example";
  if (line.starts_with("QUIT")) co_return "";
  if (line.starts_with("MAIL")) {
    mail = {line.substr(10), "", ""};
    co_return host.mail(mail.sender);
  }
  if (line.starts_with("RCPT")) {
    const std::string reply = host.rcpt(line.substr(8));
    if (reply[0] == '2') mail.recipients += (mail.recipients.empty() ? "" : " ") + line.substr(8);
    co_return reply;
  }
  if (line.starts_with("RSET")) co_return host.reset;
  if (!line.starts_with("DATA")) co_return "250 ok";
  if (mail.recipients.empty()) co_return "554 no recipients";
  co_await say(stream, "354 go on");
  if (host.breaks_off(mail)) co_return "";
  auto content = co_await read_content(stream, buffer);
  if (!content) co_return "";
  mail.content = std::move(*content);
  std::string reply = host.dot();
  if (reply.starts_with("2")) host.received.push_back(mail);
  co_return reply;
}

Task<void> wait_for(Duration duration) {
  Timer timer(co_await asio::this_coro::executor, duration);
  co_await timer.async_wait(use_task);
}

// An accepted connection. It may end after the host: at the end of a test the simulation is destroyed last.
class Open {
 public:
  explicit Open(SimulatedHost& host) : count_(host.open) { host.most_open = std::max(host.most_open, ++*count_); }
  ~Open() { --*count_; }

 private:
  std::shared_ptr<int> count_;
};

Task<void> serve(SimulatedHost& host, std::unique_ptr<mta::net::Stream> stream) {
  ++host.connections;
  stream->set_deadline(BootTime::max());
  if (*host.open >= host.takes_at_a_time) {
    co_await say(*stream, "421 4.7.0 too many connections");
    co_return stream->close();
  }
  const Open open(host);
  std::string buffer;
  SimulatedMail mail;
  co_await say(*stream, host.greeting);
  while (auto line = co_await read_line(*stream, buffer)) {
    const std::string reply = co_await answer(host, *stream, buffer, mail, *line);
    if (reply.empty()) break;
    if (host.takes > Duration(0) && !mail.content.empty()) co_await wait_for(host.takes);
    co_await say(*stream, reply);
    if (line->starts_with("RSET") && reply[0] != '2') break;
    if (!host.hangs_up || mail.content.empty()) continue;
    co_await wait_for(std::chrono::milliseconds(100));
    co_await say(*stream, "421 4.4.2 good bye");
    break;
  }
  stream->close();
}

}  // namespace

// Connects to the simulation's hosts.
class Simulation::Connector final : public mta::net::Connector {
 public:
  Connector(Simulation& simulation, Executor executor) : simulation_(simulation), executor_(executor) {}

  Task<Result<std::unique_ptr<mta::net::Stream>>> connect(dns::Target target, mta::net::TlsPolicy, std::optional<dns::Address> source,
                                                          BootTime) override {
    simulation_.connections_.push_back(target.address_text());
    simulation_.sources_.push_back(source ? source->to_string() : "");
    const auto found = simulation_.hosts_.find(target.address_text());
    if (found == simulation_.hosts_.end()) co_return Error::transient(simulation_.refusal);
    auto [client, server] = make_memory_streams(executor_);
    asio::co_spawn(executor_, serve(*found->second, std::move(server)), asio::detached);
    co_return std::move(client);
  }

 private:
  Simulation& simulation_;
  Executor executor_;
};

Simulation::Simulation(const std::string& toml, std::size_t many_destinations)
    : config(parse(toml)), many_destinations_(many_destinations) {
  mta::capture_log([](const mta::LogLine& line, void* lines) { static_cast<std::vector<std::string>*>(lines)->push_back(line.text()); },
                   &log);
  start();
}

Simulation::~Simulation() {
  mta::capture_log(nullptr, nullptr);
  while (spool_ && spool_->commit_batch()) {  // waiting callers still exist
  }
  tls_reports_.reset();
  spool_.reset();  // first, as in the daemon
  dispatcher_.reset();
  io_.reset();
}

void Simulation::start() {
  queue::SpoolOptions options;
  options.directory = "/spool";
  options.segment_size = 1u << 20;
  options.memory = memory;
  options.ended_kept = ended_kept;
  options.wall = [this] { return time.wall(); };
  options.since_boot = [this] { return std::chrono::floor<Duration>(time.since_boot()); };
  auto spool = queue::SteppedSpool::open(disk, options);
  if (!spool) throw std::runtime_error(spool.error().message);
  spool_ = std::move(*spool);
  io_ = std::make_unique<asio::io_context>(1);
  limits_ = std::make_unique<mta::rates::RateLimits>(mta::rates::RateServices{disk, mta::rates::record_file("/spool"), nullptr, boot},
                                                     config.get()->rate_rules);
  sts_policies_ = std::make_unique<mta::sts::Policies>(&disk, "/spool/mta-sts", nullptr);
  tls_recorder_ =
      std::make_unique<mta::tlsrpt::Recorder>(mta::tlsrpt::Recorder::Parts{&disk, "/spool/tlsrpt", config, sts_policies_.get(), 1});
  sts_policies_->when_failed([this](const auto& domain, const auto& failure) { tls_recorder_->fetch_failed(domain, failure); });
  events.further = tls_recorder_.get();
  mta::delivery::DispatcherServices services{
      .workers = {io_.get(), io_.get()},  // two workers on one thread
      .spool = *spool_,
      .config = config,
      .events = events.hub(),
      .files = nullptr,
      .make_resolver = [this](asio::io_context&, const mta::Config&) { return dns; },
      .make_connector = [this](asio::io_context& io) { return std::make_unique<Connector>(*this, io.get_executor()); },
      .seed = 1,
      .crash_record = nullptr,
      .many_destinations = many_destinations_,
      .limits = limits_.get(),
      .disk = &disk,
      .outages_file = "/spool/outages",
      .sts = sts_policies_.get(),
      .has_route = [this](dns::AddressFamily) { return has_route; },
      .has_route_to = [this](const dns::Address& address) { return has_route || near.contains(address.to_string()); },
      .when_outage_changed = [this] { use_fallback(); }};
  dispatcher_ = std::make_unique<mta::delivery::Dispatcher>(std::move(services));
  if (config.get()->tls_reports.enabled)
    tls_reports_ = std::make_unique<mta::tlsrpt::ReportSender>(mta::tlsrpt::ReportSender::Parts{
        *io_, *tls_recorder_, *spool_, config, nullptr, [this](asio::io_context&, const mta::Config&) { return dns; },
        [this](asio::io_context& io) { return std::make_shared<Connector>(*this, io.get_executor()); },
        [](const mta::Config& now) { return std::optional(mta::http_client::Reach{now.delivery.allow_addresses}); },
        [this](queue::QueueId id, const proto::Envelope& envelope) { dispatcher_->admit(id, envelope); }, 1});
  commit_again();
  const Status recovered = spool_->recover(
      [this](const queue::Message& message) {
        if (poison.contains(message.id))
          dispatcher_->set_aside(message, "signal 11 (Segmentation fault)");
        else
          dispatcher_->restore(message);
      },
      [this](const queue::SiteRecord& site) { dispatcher_->restore_site(site); });
  if (!recovered) throw std::runtime_error(recovered.error().message);
}

void Simulation::reload(const std::string& toml) {
  config.set(parse(toml));
  limits_->reconfigured(config.get()->rate_rules);
  dispatcher_->reconfigured();
}

std::vector<mta::delivery::OutageStatus> Simulation::outages() { return dispatcher_->outages().status(); }

// As the daemon does.
void Simulation::use_fallback() {
  const auto now = config.get();
  if (!now->route || !now->route->fallback || now->is_fallback_in_force == dispatcher_->outages().is_direct_out()) return;
  mta::Config next = *now;
  next.is_fallback_in_force = dispatcher_->outages().is_direct_out();
  config.set(std::move(next));
  dispatcher_->reconfigured();
}

void Simulation::kill() {
  disk.cut_at(disk.operations() + 1);
  time.set_other_work(nullptr);
  tls_reports_.reset();
  spool_.reset();  // first, as in the daemon
  dispatcher_.reset();
  io_.reset();
}

void Simulation::restart(Duration after) {
  bool is_idle = false;
  dispatcher_->stop([&] { is_idle = true; });
  run_until([&] { return is_idle; }, std::chrono::hours(1));
  while (spool_->commit_batch()) {
  }
  time.set_other_work(nullptr);
  if (tls_reports_) tls_reports_->stop();
  tls_reports_.reset();
  spool_.reset();
  dispatcher_.reset();
  io_.reset();
  limits_->close();
  asio::io_context nothing;
  time.run_for(nothing, after);
  start();
}

void Simulation::crash(test::ForgetfulDisk::Cut cut) {
  kill();
  disk.cut_at(0);
  disk.restart(cut);
  start();
}

namespace {

proto::Envelope envelope_of(const std::string& sender, const std::vector<std::string>& recipients, proto::Notify notify) {
  proto::Envelope envelope;
  if (!sender.empty()) envelope.reverse_path = proto::ReversePath(*proto::Mailbox::parse(sender));
  for (const auto& recipient : recipients) envelope.recipients.push_back({*proto::Mailbox::parse(recipient), notify, ""});
  return envelope;
}

}  // namespace

queue::QueueId Simulation::submit(const std::string& sender, const std::vector<std::string>& recipients, proto::Notify notify) {
  proto::Envelope envelope = envelope_of(sender, recipients, notify);
  envelope.submitter.uid = submitter;
  return submit(std::move(envelope));
}

queue::QueueId Simulation::submit_as(std::int64_t uid, const std::string& sender, const std::vector<std::string>& recipients) {
  proto::Envelope envelope = envelope_of(sender, recipients, {});
  envelope.submitter.uid = uid;
  return submit(std::move(envelope));
}

queue::QueueId Simulation::submit_by_smtp(std::int64_t uid, const std::string& sender, const std::vector<std::string>& recipients) {
  proto::Envelope envelope = envelope_of(sender, recipients, {});
  envelope.submitter.entrance = "smtp";
  envelope.submitter.share = proto::ShareOwner::user(uid);
  return submit(std::move(envelope));
}

queue::QueueId Simulation::submit_refused(const std::string& sender, const std::vector<std::string>& recipients, proto::Refused why) {
  proto::Envelope envelope = envelope_of(sender, recipients, {});
  envelope.submitter.uid = submitter;
  envelope.refused = std::move(why);
  return submit(std::move(envelope));
}

queue::QueueId Simulation::submit(proto::Envelope envelope) {
  queue::NewMessage message;
  envelope.submitted = time.wall();
  message.content = "From: " + (from.empty() ? envelope.reverse_path.to_string() : from) + "\r\n" + text;
  if (const auto authors = mta::routing::authors_of(message.content); authors.one() && !from.empty()) envelope.author = *authors.one();
  envelope.has_long_lines = proto::inspect(message.content).needs_reencoding();
  envelope.held_because = held_because;
  envelope.tls = tls;
  message.envelope = envelope;
  std::optional<Result<queue::QueueId>> stored;
  spool_->store(std::move(message), [&](Result<queue::QueueId> result) { stored = std::move(result); });
  while (!stored && spool_->commit_batch()) {
  }
  dispatcher_->admit(stored.value().value(), envelope);
  return stored->value();
}

std::vector<mta::delivery::ActionEffect> Simulation::act(queue::ActionKind action, std::vector<queue::QueueId> ids) {
  std::optional<std::vector<mta::delivery::ActionEffect>> effects;
  dispatcher_->act(action, std::move(ids), [&](Result<std::vector<mta::delivery::ActionEffect>> all) { effects = all.value(); });
  run_until([&] { return effects.has_value(); }, std::chrono::seconds(5));
  return effects.value();
}

std::vector<mta::delivery::DestinationStatus> Simulation::status() {
  std::optional<std::vector<mta::delivery::DestinationStatus>> rows;
  dispatcher_->status([&](std::vector<mta::delivery::DestinationStatus> all) { rows = std::move(all); });
  run_until([&] { return rows.has_value(); }, std::chrono::seconds(5));
  return rows.value();
}

void Simulation::host(const std::string& address, SimulatedHost& host) { hosts_[address] = &host; }

}  // namespace mxpress::testing
