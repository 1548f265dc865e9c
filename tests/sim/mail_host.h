// A simulated mail host at work: one conversation, by the rules of its kind.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mta/net/stream.h"
#include "tests/sim/ledger.h"
#include "tests/sim/world.h"

namespace mxpress::sim {

// Counters of a mail host.
struct HostWork {
  unsigned live = 0;          // connections
  std::uint64_t greeted = 0;  // connections, ever
  Instant hour{};
  unsigned in_hour = 0;  // messages since then
};

struct Limits {
  std::size_t recipients = 100;  // of one transaction, as configured
};

class MailHost {
 public:
  MailHost(const World& world, const Host& host, HostWork& work, Ledger& ledger, Limits limits, std::unique_ptr<mta::net::Stream> stream);
  ~MailHost();
  Task<void> serve();

 private:
  Task<void> say(std::string reply);
  Task<void> wait(Duration duration);
  Task<std::optional<std::string>> read_line();
  Task<std::optional<std::string>> read_content();
  Task<void> answer(std::string line);
  std::string greeting();
  std::string hello() const;
  std::string mail();
  std::string rcpt(const std::string& line);
  std::string judge(Ledger::Index recipient);
  Task<void> data();
  Task<void> dot(std::string content);
  Task<void> lose_reply(bool taken, const std::string& content);
  void take(const std::string& content);
  bool beyond_rate();
  std::vector<Ledger::Index> booked(Ledger::Index message) const;

  const World& world_;
  const Host& host_;
  HostWork& work_;
  Ledger& ledger_;
  const Limits limits_;
  std::unique_ptr<mta::net::Stream> stream_;
  Chance chance_;
  std::string buffer_;
  bool open_ = true;
  unsigned messages_ = 0;  // of this session
  Instant mail_at_{};      // start of the transaction
  bool in_transaction_ = false;
  std::size_t offered_ = 0;            // recipients of the transaction
  std::vector<std::string> accepted_;  // of them
};

}  // namespace mxpress::sim
