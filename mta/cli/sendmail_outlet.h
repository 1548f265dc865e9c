// Where sendmail hands a message in: the daemon's socket, or the drop folder while the daemon is down. Both get the same SMTP.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "proto/sysexits.h"

namespace mxpress::mta::cli {

// How it ended, and the words for whoever called; empty when all is well.
struct ExitStatus {
  proto::ExitCode code = proto::ExitCode::ok;
  std::string words;
  bool is_down = false;  // of Outlet::begin(): the daemon goes away

  bool ok() const { return code == proto::ExitCode::ok; }
};

// Destroyed unfinished, nothing is handed in.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // MAIL, RCPT and DATA, each with its CRLF, in this order. Everything was accepted, or nothing is handed in.
  virtual ExitStatus begin(const std::vector<std::string>& commands) = 0;
  // Encoded content.
  virtual ExitStatus send(std::string_view bytes) = 0;
  // The final dot has been sent. Success: the message is durable.
  virtual ExitStatus finish() = 0;
  // Where the message is after that, for -v: one line, printable.
  virtual std::string place() const = 0;
};

struct OpenedOutlet {
  std::unique_ptr<Outlet> outlet;
  ExitStatus status;     // if there is none
  bool is_down = false;  // nobody serves the socket: the drop folder takes the message
};

// Connects to the daemon and reads its greeting. "421 4.3.2" (it is shutting down) and a connection that ends without a word count as
// down; every other refusal is the daemon's word.
OpenedOutlet open_daemon(const std::string& socket_path);
// A new file in the drop folder; it gets its name when the message is complete and synced.
OpenedOutlet open_drop(const std::string& directory);

}  // namespace mxpress::mta::cli
