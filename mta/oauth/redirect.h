// Receives the redirect of a browser from an authorization page to this host: RFC 6749 4.1.2, RFC 8252 7.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mta/auth/secret.h"
#include "mta/system/descriptor.h"
#include "proto/result.h"
#include "proto/time.h"

namespace mxpress::mta::oauth {

// The query of the address. Not ours: another state, or none; then ignore the rest.
struct Redirect {
  bool is_ours = false;
  auth::Secret code;    // empty: refused
  std::string refusal;  // printable
};
Redirect redirect_in(std::string_view query, std::string_view state);

// A web server on loopback for one visit. Thread: of the caller, which waits.
class RedirectListener {
 public:
  static Result<RedirectListener> open();
  // "http://127.0.0.1:PORT/", where PORT is any.
  std::string uri() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  // Waits for the code. Visitors without `state` are refused. The address may also come as a line from the descriptor `typed`, if the
  // browser runs on another host.
  Result<auth::Secret> wait(const std::string& state, int typed, Duration at_most);

 private:
  RedirectListener(system::Descriptor socket, std::uint16_t port) : socket_(std::move(socket)), port_(port) {}
  Redirect serve(const std::string& state) const;

  system::Descriptor socket_;
  std::uint16_t port_;
};

}  // namespace mxpress::mta::oauth
