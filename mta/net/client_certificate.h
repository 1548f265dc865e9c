// The certificate, with its private key, that this host presents as a TLS client. RFC 8446 4.4.2
#pragma once

#include <memory>
#include <string_view>

#include "proto/result.h"

struct ssl_st;

namespace mxpress::mta::net {

// Any thread.
class ClientCertificate {
 public:
  // PEM: the certificate first, others of its chain behind it, and its private key anywhere, without a passphrase. The Error describes the
  // problem without any of the text.
  static Result<std::shared_ptr<const ClientCertificate>> parse(std::string_view pem);
  ~ClientCertificate();

  // The session presents it if the host asks for one. False: OpenSSL refuses it, and its error queue has the reason.
  bool show_in(ssl_st* session) const;

 private:
  struct Parts;
  explicit ClientCertificate(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace mxpress::mta::net
