// The client's side of a SASL exchange (RFC 4422), by GNU SASL, plus access tokens, which it lacks. Knows no SMTP: octets in, octets out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mta/auth/login.h"
#include "proto/result.h"

namespace mxpress::mta::auth {

// The connection, and its verified properties so far.
struct Channel {
  bool is_verified = false;  // TLS with a verified certificate of the host
  std::string binding;       // tls-exporter (RFC 9266), 32 octets; empty: none
  std::string host{};        // that the client is connected to
  std::uint16_t port = 0;
  bool wants_certificate = false;  // the host has asked for a client certificate in TLS
};

// The mechanisms to try, in order: those offered by the host (`offered`, any case), known to this host and allowed by the login, and that
// do not show the password to eavesdroppers. A token is sent only to verified hosts, and only by mechanisms for tokens. Empty: `failure`
// has the reason, and the action to take.
struct MechanismChoice {
  std::vector<std::string> mechanisms;
  std::string failure;
};
// True if the certificate presented in TLS is sufficient: no exchange is needed.
bool is_known_by_certificate(const std::vector<std::string>& offered, const Login& login, const Channel& channel);
MechanismChoice choose_mechanisms(const std::vector<std::string>& offered, const Login& login, const Channel& channel);

// True if the password itself is sent to the host.
bool shows_password(std::string_view mechanism);

class SaslClient {
 public:
  // The number of iterations that a host may ask for: each costs about 1 us of a worker.
  static constexpr std::uint32_t kMaxIterations = 20'000;
  static constexpr int kMaxSteps = 8;  // no mechanism needs more than four

  // `mechanism`: one of choose_mechanisms().
  SaslClient(std::string mechanism, const Login& login, const Channel& channel);
  ~SaslClient();
  SaslClient(SaslClient&&) noexcept;

  // True if the client speaks first: its first step has an empty challenge that no host has sent.
  bool begins() const;
  // The answer to a challenge. The error names the mechanism and the problem with the challenge, or with the login.
  Result<std::string> step(std::string_view challenge);
  // True if the exchange is over and, if the mechanism proves that the host knows the password (SCRAM), the proof was valid.
  bool is_complete() const;
  const std::string& mechanism() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta::auth
