// Performs one request.
#include "mta/http_client/exchange.h"

#include <algorithm>
#include <array>

#include "mta/http_client/response_reader.h"
#include "mta/net/reference_name.h"
#include "mta/net/tls_policy.h"
#include "proto/printable.h"

namespace mxpress::mta::http_client {
namespace {

constexpr Duration kMostToConnect = std::chrono::seconds(10);  // to one address, with the handshake: the next one needs time, too

Error failed(const proto::HttpsUrl& url, const std::string& why) {
  constexpr std::size_t kMost = 500;
  return Error::transient(proto::printable(url.authority() + ": " + why, kMost));
}

// IPv4 first, then alternating.
std::vector<dns::Address> in_turn(const std::vector<dns::Address>& v4, const std::vector<dns::Address>& v6) {
  std::vector<dns::Address> all;
  for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
    if (i < v4.size()) all.push_back(v4[i]);
    if (i < v6.size()) all.push_back(v6[i]);
  }
  return all;
}

Task<Result<Response>> read_response(net::Stream& stream) {
  ResponseReader reader;
  std::array<char, 16 * 1024> buffer;
  while (true) {
    const auto count = co_await stream.read_some(buffer.data(), buffer.size());
    if (!count) co_return count.error();
    if (*count == 0) {
      if (const Status whole = reader.end(); !whole) co_return whole.error();
      co_return reader.take();
    }
    const auto whole = reader.feed(std::string_view(buffer.data(), *count));
    if (!whole) co_return whole.error();
    if (*whole) co_return reader.take();
  }
}

}  // namespace

Task<Result<Response>> Exchange::run(Request request, BootTime deadline) {
  const proto::HttpsUrl& url = request.url;
  auto addresses = co_await addresses_of(url);
  if (!addresses) co_return addresses.error();
  auto stream = co_await connect(url, std::move(*addresses), deadline);
  if (!stream) co_return stream.error();
  (*stream)->set_deadline(deadline);
  const auth::Secret text = text_of(request);
  sending_();
  const Status sent = co_await (*stream)->write(text.reveal());
  auto response = co_await read_response(**stream);  // also if the request was not sent completely: the host may send a reason
  (*stream)->close();
  if (response) co_return response;
  co_return failed(url, sent ? response.error().message : sent.error().message);
}

Task<Result<std::vector<dns::Address>>> Exchange::addresses_of(const proto::HttpsUrl& url) {
  std::vector<dns::Address> all;
  std::string failure;
  if (const auto literal = dns::Address::parse(url.host)) {
    all.push_back(*literal);
  } else {
    const dns::Answer v4 = co_await resolver_.resolve(dns::Question{std::string(url.host), dns::RecordType::a});
    const dns::Answer v6 = co_await resolver_.resolve(dns::Question{std::string(url.host), dns::RecordType::aaaa});
    all = in_turn(v4.addresses, v6.addresses);
    failure = v4.kind == dns::AnswerKind::failed ? v4.text : v6.kind == dns::AnswerKind::failed ? v6.text : "it has no address";
  }
  if (all.empty()) co_return failed(url, failure);
  std::string refused;
  std::erase_if(all, [&](const dns::Address& address) {
    const std::string why = objection(reach_, address);
    if (!why.empty()) refused = address.to_string() + " is " + why + ", which is not asked (allow_addresses)";
    return !why.empty();
  });
  if (all.empty()) co_return failed(url, refused);
  all.resize(std::min(all.size(), kMostAddresses));
  co_return all;
}

Task<Result<std::unique_ptr<net::Stream>>> Exchange::connect(const proto::HttpsUrl& url, std::vector<dns::Address> addresses,
                                                             BootTime deadline) {
  std::string failure;
  for (const dns::Address& address : addresses) {
    auto stream = co_await connect_to(url, address, std::min<BootTime>(deadline, BootClock::now() + kMostToConnect));
    if (stream) co_return stream;
    failure += (failure.empty() ? "" : "; ") + dns::address_and_port(address, url.port) + ": " + stream.error().message;
    if (BootClock::now() >= deadline) break;
  }
  co_return failed(url, failure);
}

Task<Result<std::unique_ptr<net::Stream>>> Exchange::connect_to(const proto::HttpsUrl& url, dns::Address address, BootTime deadline) {
  const auto name = net::ReferenceName::parse(url.host);
  if (!name) co_return name.error();
  refused_certificate_ = false;
  std::vector<net::ReferenceName> names(1, *name);
  const auto policy = net::TlsPolicy::verify(std::move(names), "https", reach_.anchors);
  const dns::Target target{url.host, address, url.port};
  auto stream = co_await connector_.connect(target, policy, std::nullopt, deadline);
  if (!stream) co_return stream.error();
  (*stream)->set_deadline(deadline);
  const Status secured = co_await (*stream)->start_tls_client(url.host, net::TlsOffer::usual);
  if (secured && (*stream)->tls().level == net::TlsLevel::verified) co_return stream;
  const net::TlsState& state = (*stream)->tls();
  refused_certificate_ = state.handshake == net::HandshakeFailure::certificate;
  co_return Error::transient(!state.detail.empty() ? state.detail : secured ? "the certificate was not verified" : secured.error().message);
}

}  // namespace mxpress::mta::http_client
