// Hands messages to mail hosts by SMTP: each message to the hosts of its destination, in order, until each recipient has an answer or no
// host is left. RFC 5321 5.1
#pragma once

#include <random>

#include "mta/events/hub.h"
#include "mta/transport/session_pool.h"
#include "mta/transport/step_memory.h"
#include "mta/transport/target_order.h"
#include "mta/transport/tls_memory.h"
#include "mta/transport/transport.h"

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::transport {

struct SmtpServices {
  asio::io_context& io;
  net::Connector& connector;
  events::Hub& events;
  fairness::FileTurns* files;    // for reading content; null: reads at once
  std::size_t worker_count = 1;  // of the daemon: they share the sessions that the configuration allows
  std::uint64_t seed = 0;
  std::shared_ptr<TargetConnections> connections = std::make_shared<TargetConnections>();  // of all workers
};

class SmtpTransport final : public Transport, private TargetConnections::Caller {
 public:
  // RFC 5321 5.1: at least two addresses are tried; bounded by 5 addresses (find_targets) and 2 sessions that got as far as MAIL.
  static constexpr int kMostSessionsOfOrder = 2;
  static constexpr std::uint32_t kMostTransactions = 1000;    // of one session: as many as hosts usually take; who wants fewer says 421
  static constexpr Duration kIdle = std::chrono::seconds(2);  // that a session waits for another message
  // The same where mail of the same owner at another site waits for its connection; where another owner's does, it is closed at once.
  static constexpr std::uint32_t kWantedTransactions = 10;
  static constexpr Duration kWantedIdle = std::chrono::milliseconds(100);

  // All of `services` outlives it.
  explicit SmtpTransport(SmtpServices services);
  ~SmtpTransport();

  std::optional<proto::HostResult> busy_now(std::uint32_t site, const fairness::Owner& owner,
                                            const std::vector<dns::Target>& targets) override;
  Task<AttemptReport> deliver(Order& order) override;
  void when_room(Room room) override { room_ = std::move(room); }
  std::size_t most_orders(const Config& config) const override;
  bool keeps_site(std::uint32_t site) const override { return idle_.has(site); }
  void stop() override;

  const TlsMemory& tls_memory() const { return tls_memory_; }
  const StepMemory& step_memory() const { return step_memory_; }

 private:
  class Attempt;
  void called(const dns::Address& address, std::uint32_t site, const fairness::Owner& owner) override;
  void give_way() override;
  void make_room(const Config& config);
  bool keep(std::uint32_t site, SessionPool::Session& session);
  void close_soon(SessionPool::Session session);
  void close_idle();
  void close_wanted();
  void close_wanted_soon();
  void arm();

  SmtpServices services_;
  std::mt19937_64 random_;
  Timer timer_, wanted_timer_;  // for the sessions that wait
  bool is_armed_ = false, is_wanted_armed_ = false;
  bool is_stopping_ = false;
  std::size_t active_ = 0;  // orders under way: each has a connection, or is about to
  SessionPool idle_;
  Room room_;
  TlsMemory tls_memory_;
  StepMemory step_memory_;
  TargetFailures target_failures_;
};

}  // namespace mxpress::mta::transport
