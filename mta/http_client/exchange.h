// One request over a connection of its own: resolves the host, connects, verifies it, asks, and reads the answer.
#pragma once

#include <functional>
#include <vector>

#include "dns/resolver.h"
#include "mta/http_client/message.h"
#include "mta/http_client/reach.h"
#include "mta/net/stream.h"

namespace mxpress::mta::http_client {

// What it refers to outlives it. Thread: of the executor that the coroutine runs on.
class Exchange {
 public:
  static constexpr std::size_t kMostAddresses = 4;  // that are tried

  // `sending`: called before the first octet of the request is sent.
  Exchange(dns::Resolver& resolver, net::Connector& connector, const Reach& reach, std::function<void()> sending)
      : resolver_(resolver), connector_(connector), reach_(reach), sending_(std::move(sending)) {}

  // Whatever the host's status; a redirect (3xx) is an answer like others. All is over at the deadline, but for name servers, which have a
  // time of their own. Another address is tried only as long as no octet of the request has been sent: what the request asks for may happen
  // once. The Error names the host, never the request or the answer.
  Task<Result<Response>> run(Request request, BootTime deadline);

 private:
  Task<Result<std::vector<dns::Address>>> addresses_of(const proto::HttpsUrl& url);
  Task<Result<std::unique_ptr<net::Stream>>> connect(const proto::HttpsUrl& url, std::vector<dns::Address> addresses, BootTime deadline);
  Task<Result<std::unique_ptr<net::Stream>>> connect_to(const proto::HttpsUrl& url, dns::Address address, BootTime deadline);

  dns::Resolver& resolver_;
  net::Connector& connector_;
  const Reach& reach_;
  const std::function<void()> sending_;
};

}  // namespace mxpress::mta::http_client
