// Streams and connections in memory: see memory_stream.h.
#include "tests/support/memory_stream.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>

namespace mxpress::testing {
namespace {

using mta::net::Stream;
using mta::net::TlsState;

// One direction: octets in transit, and a timer on which a waiting coroutine sleeps and which each change cancels.
struct Pipe {
  Pipe(Executor executor, std::size_t most) : changed(executor), capacity(most) {}
  Timer changed;
  std::size_t capacity;
  std::string octets;
  bool writer_closed = false;
  bool reader_closed = false;

  void notify() { changed.cancel(); }
};

// Waits for a change at most until the deadline.
Task<void> wait_for_change(Pipe& pipe, BootTime deadline) {
  pipe.changed.expires_at(deadline);
  boost::system::error_code ignored;
  co_await pipe.changed.async_wait(asio::redirect_error(use_task, ignored));
}

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out, MemoryTls tls)
      : in_(std::move(in)), out_(std::move(out)), tls_outcome_(tls) {}
  ~MemoryStream() override { close(); }

  void set_deadline(BootTime deadline) override {
    deadline_ = deadline;
    in_->notify();
    out_->notify();
  }
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override;
  Task<Status> write(std::string_view bytes) override;
  Task<Status> start_tls_client(std::string server_name, mta::net::TlsOffer offer) override;
  const TlsState& tls() const override { return tls_; }
  bool has_input() override { return !in_->octets.empty() || in_->writer_closed; }
  void close() override;

 private:
  bool overdue() const { return BootClock::now() >= deadline_; }
  static Error timed_out() { return Error::transient("timed out"); }
  static Error closed() { return Error::transient("connection closed"); }

  std::shared_ptr<Pipe> in_;  // shared by the two ends
  std::shared_ptr<Pipe> out_;
  MemoryTls tls_outcome_;
  TlsState tls_;
  BootTime deadline_ = BootTime::max();
};

Task<Result<std::size_t>> MemoryStream::read_some(char* buffer, std::size_t size) {
  const auto pipe = in_;
  while (pipe->octets.empty() && !pipe->writer_closed && !pipe->reader_closed && !overdue()) co_await wait_for_change(*pipe, deadline_);
  if (pipe->reader_closed) co_return closed();
  if (!pipe->octets.empty()) {
    const std::size_t count = std::min(size, pipe->octets.size());
    pipe->octets.copy(buffer, count);
    pipe->octets.erase(0, count);
    pipe->notify();
    co_return count;
  }
  if (pipe->writer_closed) co_return std::size_t{0};
  co_return timed_out();
}

Task<Status> MemoryStream::write(std::string_view bytes) {
  const auto pipe = out_;
  while (!bytes.empty()) {
    if (pipe->writer_closed) co_return closed();
    if (pipe->reader_closed) co_return Error::transient("connection reset");
    if (overdue()) co_return timed_out();
    const std::size_t count = std::min(bytes.size(), pipe->capacity - pipe->octets.size());
    if (count == 0) {
      co_await wait_for_change(*pipe, deadline_);
    } else {
      pipe->octets.append(bytes.substr(0, count));
      bytes.remove_prefix(count);
      pipe->notify();
    }
  }
  co_return Status();
}

Task<Status> MemoryStream::start_tls_client(std::string, mta::net::TlsOffer) {
  const auto pipe = in_;
  while (tls_outcome_ == MemoryTls::hangs && !overdue() && !pipe->reader_closed) co_await wait_for_change(*pipe, deadline_);
  if (tls_outcome_ == MemoryTls::hangs) co_return timed_out();
  if (tls_outcome_ == MemoryTls::fails) co_return Error::transient("TLS: handshake failure");
  const bool is_verified = tls_outcome_ == MemoryTls::verifies;
  tls_.level = is_verified ? mta::net::TlsLevel::verified : mta::net::TlsLevel::encrypted;
  tls_.description = is_verified ? "TLSv1.3/MEMORY (verified)" : "TLSv1.3/MEMORY (unverified)";
  co_return Status();
}

void MemoryStream::close() {
  in_->reader_closed = true;
  out_->writer_closed = true;
  in_->notify();
  out_->notify();
}

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams(Executor executor, MemoryOptions options) {
  const auto there = std::make_shared<Pipe>(executor, options.capacity);
  const auto back = std::make_shared<Pipe>(executor, options.capacity);
  auto client = std::make_unique<MemoryStream>(back, there, options.tls);
  auto server = std::make_unique<MemoryStream>(there, back, options.tls);
  return {std::move(client), std::move(server)};
}

void MemoryConnector::serve(std::string address, Handler handler, MemoryOptions options) {
  Host host;
  host.handler = std::move(handler);
  host.options = options;
  hosts_.insert_or_assign(std::move(address), std::move(host));
}

void MemoryConnector::refuse(std::string address, std::string words, Duration after) {
  Host host;
  host.words = std::move(words);
  host.after = after;
  hosts_.insert_or_assign(std::move(address), std::move(host));
}

Task<Result<std::unique_ptr<Stream>>> MemoryConnector::fail(Host host, BootTime deadline) {
  Timer timer(executor_, std::min<BootTime>(BootClock::now() + host.after, deadline));
  co_await timer.async_wait(use_task);
  co_return Error::transient(BootClock::now() >= deadline ? "connection timed out" : host.words);
}

Task<Result<std::unique_ptr<Stream>>> MemoryConnector::connect(dns::Target target, mta::net::TlsPolicy, std::optional<dns::Address>,
                                                               BootTime deadline) {
  const std::string address = target.address_text();
  attempts_.push_back(address);
  const auto found = hosts_.find(address);
  Host host;
  if (found != hosts_.end()) host = found->second;
  if (!host.handler) co_return co_await fail(std::move(host), deadline);
  auto [client_end, server_end] = make_memory_streams(executor_, host.options);
  asio::co_spawn(executor_, host.handler(std::move(server_end), target), asio::detached);
  co_return std::move(client_end);
}

}  // namespace mxpress::testing
