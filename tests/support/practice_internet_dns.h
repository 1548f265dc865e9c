// The name server of the practice internet: answers from a table over UDP and TCP, and misbehaves where the table says so.
#pragma once

#include <boost/asio.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mxpress::testing {

enum class DnsFault { none, server_failure, refused, silent, garbage, wrong_id, truncated };

struct PracticeRecords {
  std::vector<std::pair<std::uint16_t, std::string>> mx;  // preference, host
  std::vector<std::string> addresses;                     // IPv4, as text
  std::string alias;                                      // CNAME
  DnsFault fault = DnsFault::none;
};

class PracticeDns {
 public:
  PracticeDns(boost::asio::io_context& io, std::uint16_t port);
  // Names in lower case without final dot. What is not in the table does not exist (NXDOMAIN).
  std::map<std::string, PracticeRecords> table;
  void start();

 private:
  boost::asio::awaitable<void> serve_udp();
  boost::asio::awaitable<void> serve_tcp();
  boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket);
  // Empty: no answer at all.
  std::string answer(const std::string& query, bool over_tcp) const;

  boost::asio::io_context& io_;
  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::acceptor tcp_;
};

}  // namespace mxpress::testing
