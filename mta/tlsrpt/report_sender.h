// Asks domains for their records, stores counts, and sends the reports of past days. RFC 8460 3, 5.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "dns/async.h"
#include "mta/tlsrpt/ledger.h"
#include "proto/queue_id.h"

namespace mxpress::dns {
class Resolver;
}
namespace mxpress::proto {
struct Envelope;
}
namespace mxpress::queue {
class MessageStore;
}
namespace mxpress::mta {
struct Config;
class CurrentConfig;
namespace fairness {
class FileTurns;
}
namespace http_client {
struct Reach;
}
namespace net {
class Connector;
}
}  // namespace mxpress::mta

namespace mxpress::mta::tlsrpt {

class Recorder;
struct Receiver;

// Thread: that of its io_context, except for constructor, stop() and destructor, which must not run at the same time. Destroyed before the
// io_context.
class ReportSender {
 public:
  static constexpr std::size_t kMostAtOnce = 8;              // domains that are asked; the same of reports
  static constexpr std::chrono::seconds kStoreAfter{5};      // a change, so that many are one write, and a second for each...
  static constexpr std::size_t kOctetsOfSecond = 64 * 1024;  // ...of these
  static constexpr std::chrono::seconds kFirstLook{5};       // for reports that are due, after the start
  static constexpr std::chrono::minutes kLookEvery{1};
  static constexpr std::chrono::seconds kPostTime{30};  // of an HTTPS request
  static constexpr std::uint32_t kMostTries = 6;        // within 24 hours
  // Reports to one domain, or one HTTPS host, in a UTC day: whoever has many domains must not use this host to flood another.
  static constexpr std::uint32_t kMostToReceiver = 100;

  struct Parts {
    asio::io_context& io;
    Recorder& recorder;
    queue::MessageStore& spool;
    const CurrentConfig& config;
    fairness::FileTurns* files;  // null: the disk is written at once
    std::function<std::shared_ptr<dns::Resolver>(asio::io_context&, const Config&)> make_resolver;
    std::function<std::shared_ptr<net::Connector>(asio::io_context&)> make_connector;  // for HTTPS
    std::function<std::optional<http_client::Reach>(const Config&)> reach;             // nullopt: not known now
    std::function<void(proto::QueueId, const proto::Envelope&)> admit;                 // a mail that is durable
    std::uint64_t seed = 0;
  };
  // Begins with its work. All parts must outlive the io_context's work.
  explicit ReportSender(Parts parts);
  ~ReportSender();

  // Stores what has changed, before it returns. Begins nothing any more.
  void stop();

 private:
  void changed();
  void store_soon();
  void look_later(std::chrono::seconds wait);
  void look();
  void ask_more();
  Task<void> ask();
  void send_more();
  Task<void> send(Ledger::Key key);
  Task<bool> find_receivers(DomainDay& day);
  Task<bool> deliver(const DomainDay& day, std::string uri);
  Task<bool> mail(const DomainDay& day, Receiver receiver);
  Task<bool> post(const DomainDay& day, Receiver receiver);
  bool may_send_to(const std::string& receiver, const DomainDay& day);
  void put_off(DomainDay day);

  const Parts parts_;
  std::mt19937_64 random_;
  Timer store_timer_, look_timer_;
  bool will_store_ = false;
  bool is_stopped_ = false;
  std::size_t asking_ = 0;
  std::set<Ledger::Key> sending_;
  Day counted_{};                              // the day of...
  std::map<std::string, std::uint32_t> sent_;  // ...reports to each receiver: as many at most as the ledger has, and their receivers
};

}  // namespace mxpress::mta::tlsrpt
