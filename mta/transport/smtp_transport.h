// Delivers messages to mail hosts by SMTP: tries the hosts of a destination in order, until each recipient has an answer or no host is
// left. RFC 5321 5.1
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "mta/transport/transport.h"

namespace mxpress::mta::events {
class Followers;
class Hub;
}  // namespace mxpress::mta::events

namespace mxpress::mta::fairness {
class FileTurns;
}

namespace mxpress::mta::net {
class Connector;
}

namespace mxpress::mta::transport {

class FamilyMemory;
class StepMemory;
class TargetConnections;
class TlsMemory;

struct SmtpServices {
  asio::io_context& io;
  net::Connector& connector;
  events::Hub& events;
  fairness::FileTurns* files;    // for reading content; null: reads at once
  std::size_t worker_count = 1;  // of the daemon: workers divide the sessions that the configuration allows
  std::uint64_t seed = 0;
  std::shared_ptr<TargetConnections> connections{};  // shared by all workers and their sessions; null: this worker alone
  events::Followers* followers = nullptr;            // debuggers hear what is said; null: nobody does
};

class SmtpTransport final : public Transport {
 public:
  // RFC 5321 5.1: at least two addresses are tried; the limit is 5 addresses (find_targets) and 2 sessions that reached MAIL.
  static constexpr int kMostSessionsOfOrder = 2;
  static constexpr std::uint32_t kMostTransactions = 1000;    // of one session: most hosts allow as many; a host that wants fewer sends 421
  static constexpr Duration kIdle = std::chrono::seconds(2);  // time that a session waits for another message
  // The same if mail of the same owner at another site waits for its connection; if another owner's waits, it is closed at once.
  static constexpr std::uint32_t kWantedTransactions = 10;
  static constexpr Duration kWantedIdle = std::chrono::milliseconds(100);

  // All of `services` must outlive it.
  explicit SmtpTransport(SmtpServices services);
  ~SmtpTransport() override;

  std::optional<proto::HostResult> busy_now(const Order& order) override;
  Task<AttemptReport> deliver(Order& order) override;
  void when_room(Room room) override;
  std::size_t most_orders(const Config& config) const override;
  bool keeps_site(std::uint32_t site) const override;
  void stop() override;

  const TlsMemory& tls_memory() const;
  const StepMemory& step_memory() const;
  const FamilyMemory& family_memory() const;

 private:
  class Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::transport
