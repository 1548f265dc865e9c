// One request over a connection of its own: resolves the host, connects, verifies it, sends the request, and reads the response.
#pragma once

#include <functional>
#include <vector>

#include "dns/resolver.h"
#include "mta/http_client/message.h"
#include "mta/http_client/reach.h"
#include "mta/net/stream.h"

namespace mxpress::mta::http_client {

// All that it refers to must outlive it. Thread: of the coroutine's executor.
class Exchange {
 public:
  static constexpr std::size_t kMostAddresses = 4;  // addresses to try

  // `sending`: called before the first octet of the request is sent.
  Exchange(dns::Resolver& resolver, net::Connector& connector, const Reach& reach, std::function<void()> sending)
      : resolver_(resolver), connector_(connector), reach_(reach), sending_(std::move(sending)) {}

  // Returns the response for any status; a redirect (3xx) is a response like others. Everything ends at the deadline, except name servers,
  // which have a time of their own. Another address is tried only before the first octet of the request is sent, so that the request takes
  // effect at most once. The Error names the host, never the request or the response.
  Task<Result<Response>> run(Request request, BootTime deadline);
  // After a failure: no address was connected to and verified, and the last one had a certificate that is not trusted for the host.
  bool refused_certificate() const { return refused_certificate_; }

 private:
  Task<Result<std::vector<dns::Address>>> addresses_of(const proto::HttpsUrl& url);
  Task<Result<std::unique_ptr<net::Stream>>> connect(const proto::HttpsUrl& url, std::vector<dns::Address> addresses, BootTime deadline);
  Task<Result<std::unique_ptr<net::Stream>>> connect_to(const proto::HttpsUrl& url, dns::Address address, BootTime deadline);

  dns::Resolver& resolver_;
  net::Connector& connector_;
  const Reach& reach_;
  const std::function<void()> sending_;
  bool refused_certificate_ = false;
};

}  // namespace mxpress::mta::http_client
