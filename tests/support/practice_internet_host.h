// One mail host of the practice internet: accepts mail, greylists, rejects, offers TLS, or misbehaves at a chosen stage.
#pragma once

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <map>
#include <string>

#include "tests/support/practice_internet_record.h"

namespace mxpress::testing {

enum class Stage { greeting, ehlo, mail, rcpt, data, dot, never };

enum class HostFault {
  none,
  reply,     // sends `text` instead of the usual reply
  hang,      // sends nothing more and keeps the connection
  close,     // closes
  drip,      // begins a reply and continues, an octet at a time, endlessly
  flood,     // endless reply lines, as fast as they are read
  nonsense,  // octets that are no reply
};

struct PracticeHost {
  std::string name = {};
  std::string address = {};
  Stage stage = Stage::never;  // stage of the fault
  HostFault fault = HostFault::none;
  std::string text = {};
  int greylist = 0;  // refuses each sender and recipient this often with 451 first
  bool tls = false;  // offers STARTTLS
};

// Listens on host.address:port and serves all clients. `host`, `record` and `tls` must outlive it.
class PracticeMailHost {
 public:
  PracticeMailHost(boost::asio::io_context& io, const PracticeHost& host, std::uint16_t port, PracticeRecord& record,
                   boost::asio::ssl::context& tls);
  void start();

 private:
  template <class Stream>
  class Conversation;
  boost::asio::awaitable<void> serve();
  boost::asio::awaitable<void> talk(boost::asio::ip::tcp::socket socket);

  boost::asio::io_context& io_;
  const PracticeHost& host_;
  PracticeRecord& record_;
  boost::asio::ssl::context& tls_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::map<std::string, int> greylisted_;
};

// A context with a fresh self-signed certificate.
boost::asio::ssl::context make_practice_tls();

}  // namespace mxpress::testing
