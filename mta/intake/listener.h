// Opening what the daemon listens on: SMTP by TCP, and the submission socket of sendmail. Done as root, before privileges are dropped.
#pragma once

#include <boost/filesystem/path.hpp>
#include <string>
#include <vector>

#include "dns/address.h"
#include "mta/host/config.h"
#include "mta/host/descriptor.h"
#include "proto/result.h"

namespace mxpress::mta::intake {

struct TcpListener {
  host::Descriptor socket;
  dns::Address address;
  std::uint16_t port = 0;  // the real one, when the configuration said 0
};

struct Listeners {
  std::vector<TcpListener> smtp;
  host::Descriptor submission;
  boost::filesystem::path submission_path;
  std::vector<std::string> warnings;  // for the log
};

// Every listener of the configuration, bound and listening, non-blocking. An Error says what to do: who has the port, which folder is
// missing. A listener that is not on loopback needs listen.allow. A missing address family is a warning if the listeners are the default
// ones. A socket file that nobody listens on is replaced.
Result<Listeners> open_listeners(const Config& config);

}  // namespace mxpress::mta::intake
