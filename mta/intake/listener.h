// Opens the daemon's listeners: SMTP over TCP, and the submission socket of sendmail. Done as root, before privileges are dropped. systemd
// may have opened them already.
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
  std::uint16_t port = 0;  // the actual port, if the configuration has 0
};

// The file of a bound socket, removed with its owner, so that no client finds a socket that is not served.
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
  boost::filesystem::path path_;  // empty: no file
};

struct Listeners {
  std::vector<TcpListener> smtp;
  SocketFile submission_file;
  system::Descriptor submission;
  system::Descriptor control;         // open only if it was passed
  std::vector<std::string> warnings;  // for the log
  std::vector<std::string> failures;  // for the log and `mxpress status`: ports in use by other programs
};

// All listeners of the configuration, bound and listening, non-blocking. An Error has the action to take, such as a missing folder to
// create. A port in use by another program is no Error, because most programs submit their mail by sendmail: it goes into `failures`. A
// listener outside loopback needs listen.allow. A missing address family is a warning if the listeners are the default ones. A socket file
// without a listener is replaced. Passed sockets replace those of the configuration, by name: "smtp" all of listen.smtp; "local" the
// submission socket and the control socket, which are distinguished by their paths. Their files stay. An Error: a passed socket that is
// none of these.
Result<Listeners> open_listeners(const Config& config, system::PassedSockets passed = {});

}  // namespace mxpress::mta::intake
