// The place where sendmail submits a message: the daemon's socket, or the drop folder while the daemon is down. Both get the same SMTP.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/sysexits.h"

namespace mxpress::mta::cli {

// The result, and the message for the caller; empty after a success.
struct ExitStatus {
  proto::ExitCode code = proto::ExitCode::ok;
  std::string words;
  bool is_down = false;  // for Outlet::begin(): the daemon is shutting down

  bool ok() const { return code == proto::ExitCode::ok; }
};

// If it is destroyed unfinished, nothing is submitted.
class Outlet {
 public:
  virtual ~Outlet() = default;
  // MAIL, RCPT and DATA, each with its CRLF, in this order. Either everything is accepted, or nothing is submitted.
  virtual ExitStatus begin(const std::vector<std::string>& commands) = 0;
  // Encoded content.
  virtual ExitStatus send(std::string_view bytes) = 0;
  // The final dot has been sent. Success: the message is durable.
  virtual ExitStatus finish() = 0;
  // The place of the message after that, for -v: one line, printable.
  virtual std::string place() const = 0;
  // Its queue id after that; empty if it is not known yet.
  virtual std::string queue_id() const = 0;
  // Octets that a message may have; nullopt if that is not known. Before begin().
  virtual std::optional<std::uint64_t> limit() = 0;
};

struct OpenedOutlet {
  std::unique_ptr<Outlet> outlet;
  ExitStatus status;     // if there is none
  bool is_down = false;  // the socket has no listener: the message goes to the drop folder
};

// Connects to the daemon and reads its greeting. "421 4.3.2" (it is shutting down) and a connection that ends, or lasts 10 s, without a
// greeting mean that it is down; any other refusal is final.
OpenedOutlet open_daemon(const std::string& socket_path);
// A new file in the drop folder; it gets its name when the message is complete and synced.
OpenedOutlet open_drop(const std::string& directory);

}  // namespace mxpress::mta::cli
