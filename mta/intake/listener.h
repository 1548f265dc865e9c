// Opening what the daemon listens on: SMTP by TCP, and the submission socket of sendmail. Done as root, before privileges are dropped.
// systemd may have opened it already.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

#include "dns/address.h"
#include "mta/config/config.h"
#include "mta/system/descriptor.h"
#include "mta/system/passed_sockets.h"
#include "proto/result.h"

namespace mxpress::mta::intake {

struct TcpListener {
  system::Descriptor socket;
  dns::Address address;
  std::uint16_t port = 0;  // the real one, when the configuration said 0
};

// The file of a bound socket: gone when its owner is, so that nobody knocks at a socket that nobody serves.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(boost::filesystem::path path) : path_(std::move(path)) {}
  SocketFile(SocketFile&& other) noexcept { path_.swap(other.path_); }
  SocketFile& operator=(SocketFile&& other) noexcept {
    path_.swap(other.path_);
    return *this;
  }
  ~SocketFile() { remove(); }

  void remove();

 private:
  boost::filesystem::path path_;  // empty: none
};

struct Listeners {
  std::vector<TcpListener> smtp;
  SocketFile submission_file;
  system::Descriptor submission;
  system::Descriptor control;         // open only if it was passed
  std::vector<std::string> warnings;  // for the log
  std::vector<std::string> failures;  // for the log and `mxpress status`: ports that somebody else has
};

// Every listener of the configuration, bound and listening, non-blocking. An Error says what to do, such as which folder is missing. A port
// that somebody else has is no Error, because most programs hand in their mail by sendmail: it is told in `failures`. A listener that is
// not on loopback needs listen.allow. A missing address family is a warning if the listeners are the default ones. A socket file that
// nobody listens on is replaced.
// Passed sockets replace those of the configuration, by name: "smtp" all of listen.smtp; "local" the submission socket and the control
// socket, which are told apart by their paths. Their files stay. An Error: one that is none of these.
Result<Listeners> open_listeners(const Config& config, system::PassedSockets passed = {});

}  // namespace mxpress::mta::intake
