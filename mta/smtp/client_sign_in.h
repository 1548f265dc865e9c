// AUTH: this host signs in at a provider before it sends mail. RFC 4954.
#pragma once

#include "mta/auth/login.h"
#include "mta/auth/sasl_client.h"
#include "mta/smtp/client_channel.h"
#include "mta/smtp/client_result.h"
#include "proto/extensions.h"

namespace mxpress::mta::smtp {

// Used once, after EHLO. What it refers to outlives it.
class ClientSignIn {
 public:
  // So many mechanisms are tried: each failure counts for those who lock accounts.
  static constexpr int kMostTries = 3;

  ClientSignIn(ClientChannel& channel, const dns::Target& target, const auth::Login& login, Duration timeout)
      : channel_(channel), target_(target), login_(login), report_(target, channel), timeout_(timeout) {}

  // Whether the host knows us now. If not: failure() says why; the connection may still be open.
  Task<bool> run(const std::vector<std::string>& offered);
  const proto::HostResult& failure() const { return failure_; }

 private:
  // What came of one mechanism.
  enum class Tried { signed_in, not_this_one, only_with_password, refused };
  Task<Tried> attempt(auth::SaslClient exchange);
  Task<Result<proto::Reply>> begin(auth::SaslClient& exchange);
  Task<Result<proto::Reply>> answer(std::string_view octets);
  Task<Result<proto::Reply>> send(std::string line);
  Task<Tried> abort(const Error& why);
  Tried judge(const auth::SaslClient& exchange, const proto::Reply& reply);
  Tried found(std::string_view words);

  ClientChannel& channel_;
  const dns::Target& target_;
  const auth::Login& login_;
  HostReporter report_;
  Duration timeout_;
  proto::HostResult failure_;
};

}  // namespace mxpress::mta::smtp
