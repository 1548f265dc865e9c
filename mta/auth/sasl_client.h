// The client's side of one SASL exchange (RFC 4422), by GNU SASL, which has none for access tokens. Knows no SMTP: octets in, octets out.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "mta/auth/login.h"
#include "proto/result.h"

namespace mxpress::mta::auth {

// Where the connection leads, and what it has proved so far.
struct Channel {
  bool is_verified = false;  // TLS, and the certificate is the host's
  std::string binding;       // tls-exporter (RFC 9266), 32 octets; empty: there is none
  std::string host{};        // that the client has connected to
  std::uint16_t port = 0;
  bool wants_certificate = false;  // the host has asked in TLS for one of this host's
};

// The mechanisms to try, the first first: those that the host offers (`offered`, any case), that this host knows, that the login allows,
// and that do not show the password to anybody who may listen. A token is shown to verified hosts alone, and by the mechanisms for tokens
// alone. Empty: `failure` says why, and what to do.
struct MechanismChoice {
  std::vector<std::string> mechanisms;
  std::string failure;
};
// The certificate that this host has shown in TLS says all: nothing remains to be exchanged.
bool is_known_by_certificate(const std::vector<std::string>& offered, const Login& login, const Channel& channel);
MechanismChoice choose_mechanisms(const std::vector<std::string>& offered, const Login& login, const Channel& channel);

// The password itself goes to the host.
bool shows_password(std::string_view mechanism);

class SaslClient {
 public:
  // A host may ask for so many iterations: each costs about 1 us of a worker.
  static constexpr std::uint32_t kMaxIterations = 20'000;
  static constexpr int kMaxSteps = 8;  // no mechanism needs more than four

  // `mechanism`: one of choose_mechanisms().
  SaslClient(std::string mechanism, const Login& login, const Channel& channel);
  ~SaslClient();
  SaslClient(SaslClient&&) noexcept;

  // The client speaks first: its first step has an empty challenge that no host has sent.
  bool begins() const;
  // The answer to a challenge. The error names the mechanism and what is wrong with the challenge, or with the login.
  Result<std::string> step(std::string_view challenge);
  // All has been said, and where the mechanism proves the host's knowledge of the password (SCRAM), it has.
  bool is_complete() const;
  const std::string& mechanism() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace mxpress::mta::auth
