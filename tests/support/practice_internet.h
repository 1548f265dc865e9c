// A small internet on loopback for practice: the name server for example. and mail hosts of every kind.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>
#include <deque>
#include <filesystem>

#include "tests/support/dns_server.h"
#include "tests/support/practice_internet_host.h"
#include "tests/support/practice_internet_record.h"

namespace mxpress::testing {

class PracticeInternet {
 public:
  // The name server listens on 127.0.0.1:dns_port, each mail host on its own address 127.0.1.N:smtp_port.
  PracticeInternet(boost::asio::io_context& io, const std::filesystem::path& folder, std::uint16_t dns_port, std::uint16_t smtp_port);
  void start();

 private:
  void add_domain(const std::string& domain, PracticeHost host);
  void add_people();
  void add_backup();
  void add_faults();
  void add_dns_faults();
  std::string next_address();

  boost::asio::io_context& io_;
  const std::uint16_t smtp_port_;
  boost::asio::ssl::context tls_;
  PracticeRecord record_;
  DnsServer dns_;
  std::deque<PracticeHost> hosts_;
  std::deque<PracticeMailHost> servers_;
  int addresses_ = 0;
};

}  // namespace mxpress::testing
