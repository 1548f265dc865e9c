// Runs HTTPS exchanges on an event loop of its own.
#include "mta/http_client/client.h"

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <random>

#include "dns/stub_resolver.h"
#include "mta/http_client/exchange.h"
#include "mta/net/connector.h"

namespace mxpress::mta::http_client {

namespace {

constexpr Duration kMostToResolve = std::chrono::seconds(8);  // one question; there are two

dns::StubConfig bounded(dns::StubConfig dns) {
  dns.options.total = kMostToResolve;
  return dns;
}

Task<void> keep(Task<Result<Response>> exchange, std::optional<Result<Response>>& result) { result = co_await std::move(exchange); }

}  // namespace

struct Client::Parts {
  explicit Parts(dns::StubConfig dns)
      : resolver(io.get_executor(), bounded(std::move(dns)), std::random_device()()), connector(io.get_executor()) {}
  std::atomic<bool> is_stopped = false;
  bool is_asked = false;  // the request is being sent; used by the thread that runs `io`
  asio::io_context io;
  asio::steady_timer patience{io};
  dns::StubResolver resolver;
  net::TcpConnector connector;
};

Client::Client(dns::StubConfig dns) : parts_(std::make_unique<Parts>(std::move(dns))) {}

Client::~Client() = default;

// After a stop, waiting coroutines are not resumed any more: they are destroyed with the loop.
Result<Response> Client::send(Request request, const Reach& reach) {
  std::optional<Result<Response>> result;
  std::exception_ptr bug;
  Exchange exchange(parts_->resolver, parts_->connector, reach, [parts = parts_.get()] { parts->is_asked = true; });
  parts_->is_asked = false;
  parts_->io.restart();
  asio::co_spawn(parts_->io, keep(exchange.run(std::move(request), BootClock::now() + kTimeout), result), [&](std::exception_ptr error) {
    bug = error;
    parts_->io.stop();
  });
  if (!parts_->is_stopped) parts_->io.run();
  if (bug) std::rethrow_exception(bug);
  return result ? std::move(*result) : Error::transient("mxpress is being stopped");
}

void Client::stop() {
  parts_->is_stopped = true;
  asio::post(parts_->io, [parts = parts_.get()] {
    if (!parts->is_asked) return parts->io.stop();
    parts->patience.expires_after(kLastPatience);
    parts->patience.async_wait([parts](boost::system::error_code) { parts->io.stop(); });
  });
}

}  // namespace mxpress::mta::http_client
