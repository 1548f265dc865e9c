// A small internet in virtual time: the real pool, workers, schedule, delivery and spool, with a disk, DNS and mail hosts in memory.
// No thread, no socket.
#pragma once

#include <climits>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "mta/config/config.h"
#include "mta/delivery/dispatcher.h"
#include "mta/rates/rate_limits.h"
#include "mta/sts/policies.h"
#include "mta/system/instant.h"
#include "mta/tlsrpt/recorder.h"
#include "mta/tlsrpt/report_sender.h"
#include "queue/stepped_spool.h"
#include "tests/support/forgetful_disk.h"
#include "tests/support/logging_hub.h"
#include "tests/support/memory_stream.h"
#include "tests/support/scripted_resolver.h"
#include "tests/support/virtual_time.h"

namespace mxpress::testing {

// A message received by a simulated mail host.
struct SimulatedMail {
  std::string sender;      // argument of MAIL
  std::string recipients;  // arguments of RCPT, separated by a space
  std::string content;     // as sent, with dot stuffing
};

// A mail host that replies by its table.
struct SimulatedHost {
  std::function<std::string(const std::string& recipient)> rcpt = [](const std::string&) { return "250 2.1.5 ok"; };
  std::function<std::string(const std::string& sender)> mail = [](const std::string&) { return "250 ok"; };
  std::function<bool(const SimulatedMail&)> breaks_off = [](const SimulatedMail&) { return false; };  // during the content, before the dot
  std::string greeting = "220 mx.there.example ESMTP";
  std::string reset = "250 ok";                                         // if not 2xx, it closes afterwards
  std::function<std::string()> dot = [] { return "250 2.0.0 taken"; };  // "" closes the connection
  Duration takes{0};                                                    // delay of the reply to the content
  bool hangs_up = false;                                                // a moment after each message
  int takes_at_a_time = INT_MAX;                                        // connections; further ones are refused by 421 at the greeting
  int connections = 0;                                                  // number so far
  std::shared_ptr<int> open = std::make_shared<int>(0);                 // currently open, without refused ones
  int most_open = 0;
  std::vector<SimulatedMail> received;
};

class Simulation {
 public:
  // `toml` as in mxpress.toml; MTA-STS and reports about TLS are off where that does not say otherwise. `many_destinations`: see
  // DispatcherServices.
  explicit Simulation(const std::string& toml = "", std::size_t many_destinations = mta::delivery::kManyDestinations);
  ~Simulation();

  std::int64_t submitter = 0;  // uid of the following submissions
  queue::QueueId submit(const std::string& sender, const std::vector<std::string>& recipients, proto::Notify notify = {});
  // Submits it like a local user.
  queue::QueueId submit_as(std::int64_t uid, const std::string& sender, const std::vector<std::string>& recipients);
  // Submits it like the drop folder does with a message that may not be sent.
  queue::QueueId submit_refused(const std::string& sender, const std::vector<std::string>& recipients, proto::Refused why);
  // Submits it like a client over loopback whose socket belongs to this user: the mail uses his shares, and has no owner.
  queue::QueueId submit_by_smtp(std::int64_t uid, const std::string& sender, const std::vector<std::string>& recipients);
  void run_for(Duration how_long) { time.run_for(*io_, how_long); }
  bool run_until(const std::function<bool()>& done, Duration at_most) { return time.run_until(*io_, done, at_most); }
  // Like the daemon while the spool accepts nothing.
  void pause(bool paused) { dispatcher_->pause(paused); }
  // Like the daemon at its end. `idle`: nothing is in flight any more.
  void stop(std::function<void()> idle) { dispatcher_->stop(std::move(idle)); }
  // Like recovery, which may be late: the spool has the record, and the workers get it.
  void restore(const queue::SiteRecord& record) {
    spool_->record_site(record);
    dispatcher_->restore_site(record);
  }
  // Nothing is written to the disk until commit_again().
  void stop_committing() { time.set_other_work(nullptr); }
  void commit_again() {
    time.set_other_work([this] { return spool_->commit_batch(); });
  }
  // Puts another mxpress.toml into use.
  void reload(const std::string& toml);
  // The process is killed now and starts again with the kernel's data, or power is cut.
  void crash(test::ForgetfulDisk::Cut cut = test::ForgetfulDisk::Cut::all);

  // The daemon stops normally, and starts again after this time.
  void restart(Duration after);

  // The process is killed, and nothing starts again: its memory is freed.
  void kill();

  queue::MessageStore& spool() { return *spool_; }
  queue::Message load(queue::QueueId id) { return spool_->load(id).value(); }
  std::vector<queue::QueueId> ids() { return spool_->ids(false); }
  std::size_t queued() { return spool_->ids(false).size(); }
  mta::delivery::ActionEffect act(queue::ActionKind action, queue::QueueId id) { return act(action, std::vector{id}).at(0); }
  std::vector<mta::delivery::ActionEffect> act(queue::ActionKind action, std::vector<queue::QueueId> ids);
  std::vector<mta::delivery::DestinationStatus> status();
  std::vector<mta::rates::AccountStatus> rates() { return limits_->status(mta::system::instant_now()); }
  std::vector<mta::delivery::OutageStatus> outages();
  mta::sts::Policies& sts_policies() { return *sts_policies_; }
  mta::delivery::Loads& loads() { return dispatcher_->loads(); }
  std::uint64_t moved_jobs() const { return dispatcher_->moved_jobs(); }
  std::size_t known_destinations() const { return dispatcher_->known_destinations(); }
  // "192.0.2.1:25" answers; addresses without a host refuse connections.
  void host(const std::string& address, SimulatedHost& host);
  void refuse(const std::string& address) { hosts_.erase(address); }
  // Each attempt to connect, in order.
  const std::vector<std::string>& connections() const { return connections_; }
  // The source address of each; "": chosen by the system.
  const std::vector<std::string>& sources() const { return sources_; }

  // The rest of submitted messages, after From.
  std::string text = "Subject: a test\r\n\r\nhello\r\n";
  std::string from{};                          // in From; empty: the sender
  std::string held_because{};                  // proto::Envelope::held_because
  proto::TlsWish tls = proto::TlsWish::usual;  // the same of submitted messages
  std::string boot = "first";                  // of the system, from the next start on
  std::set<queue::QueueId> poison;             // recovery sets them aside
  std::string refusal = "connection refused";  // for addresses without a host
  std::set<std::string> near{};                // addresses with a route even if has_route is false
  bool has_route = true;                       // this host has a route to the internet
  std::uint64_t memory = UINT64_MAX;           // SpoolOptions::memory, from the next start on
  std::size_t ended_kept = 10'000;             // SpoolOptions::ended_kept, from the next start on

  VirtualTime time;
  std::shared_ptr<ScriptedResolver> dns = std::make_shared<ScriptedResolver>();
  mta::CurrentConfig config;
  test::ForgetfulDisk disk;
  std::vector<std::string> log;  // lines
  LoggingHub events;

 private:
  queue::QueueId submit(proto::Envelope envelope);
  class Connector;
  void start();
  void use_fallback();

  const std::size_t many_destinations_;
  std::unique_ptr<mta::rates::RateLimits> limits_;       // outlives the deliveries
  std::unique_ptr<mta::sts::Policies> sts_policies_;     // the same
  std::unique_ptr<mta::tlsrpt::Recorder> tls_recorder_;  // the same
  std::map<std::string, SimulatedHost*> hosts_;
  std::vector<std::string> connections_, sources_;
  std::unique_ptr<queue::SteppedSpool> spool_;
  std::unique_ptr<asio::io_context> io_;
  std::unique_ptr<mta::delivery::Dispatcher> dispatcher_;
  std::unique_ptr<mta::tlsrpt::ReportSender> tls_reports_;
};

}  // namespace mxpress::testing
