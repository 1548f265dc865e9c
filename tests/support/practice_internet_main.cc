// practice-internet: runs the practice internet until it is told to end. Usage: practice-internet FOLDER DNS_PORT SMTP_PORT
// FOLDER/events.jsonl begins with {"event":"ready"} when all hosts listen; delivered mail is in FOLDER/mail.
#include <boost/asio/signal_set.hpp>
#include <cstdlib>
#include <iostream>

#include "tests/support/practice_internet.h"

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::cerr << "usage: practice-internet FOLDER DNS_PORT SMTP_PORT\n";
    return 64;
  }
  boost::asio::io_context io;
  boost::asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&](auto, auto) { io.stop(); });
  const auto port = [](const char* text) { return static_cast<std::uint16_t>(std::atoi(text)); };
  mxpress::testing::PracticeInternet internet(io, argv[1], port(argv[2]), port(argv[3]));
  internet.start();
  io.run();
  return 0;
} catch (const std::exception& error) {
  std::cerr << "practice-internet: " << error.what() << "\n";
  return 1;
}
