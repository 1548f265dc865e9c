// A stream in memory.
#include "tests/support/server_peer.h"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>

namespace mxpress::testing {
namespace {

class PeerStream final : public mta::net::Stream {
 public:
  explicit PeerStream(std::shared_ptr<PeerPipe> pipe) : pipe_(std::move(pipe)) {}
  ~PeerStream() override { close(); }

  void set_deadline(BootTime deadline) override {
    pipe_->deadline = deadline;
    pipe_->arrived.cancel();
  }
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override {
    while (pipe_->input.empty() && !pipe_->at_end) {
      if (BootClock::now() >= pipe_->deadline) co_return Error::transient("timed out");
      pipe_->arrived.expires_at(pipe_->deadline);
      boost::system::error_code ignored;
      co_await pipe_->arrived.async_wait(asio::redirect_error(use_task, ignored));
    }
    const std::size_t count = std::min({size, pipe_->piece, pipe_->input.size()});
    std::copy_n(pipe_->input.data(), count, buffer);
    pipe_->input.erase(0, count);
    co_return count;
  }
  Task<Status> write(std::string_view bytes) override {
    pipe_->output.append(bytes);
    ++pipe_->writes;
    co_return Status();
  }
  Task<Status> start_tls_client(std::string, mta::net::TlsOffer) override { co_return Error::permanent("no TLS in memory"); }
  const mta::net::TlsState& tls() const override { return tls_; }
  bool has_input() override { return !pipe_->input.empty() || pipe_->at_end; }
  void close() override { pipe_->closed = true; }

 private:
  std::shared_ptr<PeerPipe> pipe_;
  mta::net::TlsState tls_;
};

}  // namespace

std::unique_ptr<mta::net::Stream> make_peer_stream(std::shared_ptr<PeerPipe> pipe) { return std::make_unique<PeerStream>(std::move(pipe)); }

}  // namespace mxpress::testing
