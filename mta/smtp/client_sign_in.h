// AUTH: signs in at a provider before mail is sent. RFC 4954.
#pragma once

#include "mta/smtp/client_channel.h"
#include "mta/smtp/client_result.h"
#include "proto/extensions.h"

namespace mxpress::mta::auth {
class SaslClient;
}

namespace mxpress::mta::smtp {

// Used once, after EHLO. All that it refers to must outlive it.
class ClientSignIn {
 public:
  // The number of mechanisms to try: each failure may count towards a lock of the account.
  static constexpr int kMostTries = 3;

  ClientSignIn(ClientChannel& channel, const dns::Target& target, const auth::Login& login, Duration timeout)
      : channel_(channel), target_(target), login_(login), report_(target, channel), timeout_(timeout) {}

  // Returns true if the host has accepted the login. Otherwise failure() has the reason; the connection may still be open.
  Task<bool> run(const std::vector<std::string>& offered);
  const proto::HostResult& failure() const { return failure_; }

 private:
  // The result of one mechanism.
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
