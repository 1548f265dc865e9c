// One mail host of the practice internet: takes mail, greylists, rejects, speaks TLS, or misbehaves at a chosen stage.
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
  reply,     // says `text` instead of what belongs here
  hang,      // says nothing more and keeps the connection
  close,     // closes
  drip,      // begins a reply and goes on, an octet at a time, without end
  flood,     // reply lines without end, as fast as they are read
  nonsense,  // octets that are no reply
};

struct PracticeHost {
  std::string name = {};
  std::string address = {};
  Stage stage = Stage::never;  // where the fault is
  HostFault fault = HostFault::none;
  std::string text = {};
  int greylist = 0;  // refuses each sender and recipient this often with 451 first
  bool tls = false;  // offers STARTTLS
};

// Listens on host.address:port and talks to whoever comes. `host`, `record` and `tls` outlive it.
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
