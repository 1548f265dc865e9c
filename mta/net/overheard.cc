// Repeats dialogues with mail hosts.
#include "mta/net/overheard.h"

#include <algorithm>
#include <utility>

#include "proto/ascii.h"

namespace mxpress::mta::net {
namespace {

constexpr std::string_view kNotShown = "(not shown)";

class OverheardStream final : public Stream {
 public:
  OverheardStream(std::unique_ptr<Stream> stream, const Listener& listener) : stream_(std::move(stream)), listener_(listener) {}
  ~OverheardStream() override {
    if (const std::string rest = from_host_.take_rest(); !rest.empty()) tell(Speaker::host, rest + " (the line is incomplete)");
  }

  void set_deadline(BootTime deadline) override { stream_->set_deadline(deadline); }
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override {
    const Result<std::size_t> count = co_await stream_->read_some(buffer, size);
    if (count) from_host_.feed({buffer, *count}, [this](std::string_view line) { tell(Speaker::host, line); });
    co_return count;
  }
  std::size_t write_at_once(std::string_view bytes) override {
    const std::size_t count = stream_->write_at_once(bytes);
    tell_sent(bytes.substr(0, count));
    return count;
  }
  Task<Status> write(std::string_view bytes) override {
    tell_sent(bytes);
    co_return co_await stream_->write(bytes);
  }
  Task<Status> start_tls_client(std::string server_name, TlsOffer offer) override {
    const Status started = co_await stream_->start_tls_client(std::move(server_name), offer);
    tell(Speaker::tls, started.ok() ? tls().description : "the handshake failed: " + words_of(started.error()));
    co_return started;
  }
  void show_certificate(std::shared_ptr<const ClientCertificate> certificate) override {
    stream_->show_certificate(std::move(certificate));
  }
  const TlsState& tls() const override { return stream_->tls(); }
  std::string tls_binding() const override { return stream_->tls_binding(); }
  std::string local_address() const override { return stream_->local_address(); }
  bool has_input() override { return stream_->has_input(); }
  void close() override { stream_->close(); }

 private:
  std::string words_of(const Error& error) const { return tls().detail.empty() ? error.message : tls().detail; }
  void tell_sent(std::string_view bytes) {
    from_client_.feed(bytes, [this](std::string_view line) { tell(Speaker::client, line); });
  }
  void tell(Speaker speaker, std::string_view line) { listener_(speaker, cover_.covered(speaker, line)); }

  const std::unique_ptr<Stream> stream_;
  const Listener& listener_;
  LineSplitter from_host_, from_client_;
  SecretCover cover_;
};

}  // namespace

void LineSplitter::feed(std::string_view octets, const std::function<void(std::string_view line)>& take) {
  while (!octets.empty()) {
    const auto end = std::min(octets.find('\n'), octets.size());
    line_.append(octets.substr(0, std::min(end, kMostOfLine - line_.size())));
    if (end == octets.size()) return;
    octets.remove_prefix(end + 1);
    std::string line = take_rest();
    if (line.ends_with('\r')) line.pop_back();
    take(line);
  }
}

std::string LineSplitter::take_rest() { return std::exchange(line_, {}); }

// The host's 334 asks for the client's next answer; any other reply ends the exchange.
std::string SecretCover::covered(Speaker speaker, std::string_view line) {
  if (speaker == Speaker::tls) return std::string(line);
  if (is_signing_in_ && speaker == Speaker::client) return std::string(kNotShown);
  if (speaker == Speaker::host) {
    const bool is_challenge = is_signing_in_ && line.starts_with("334");
    is_signing_in_ = is_challenge;
    return is_challenge ? "334 " + std::string(kNotShown) : std::string(line);
  }
  if (!proto::equal_in_any_case(line.substr(0, 5), "AUTH ")) return std::string(line);
  is_signing_in_ = true;
  const auto end_of_mechanism = line.find(' ', 5);
  if (end_of_mechanism == line.npos) return std::string(line);
  return std::string(line.substr(0, end_of_mechanism + 1)).append(kNotShown);
}

Task<Result<std::unique_ptr<Stream>>> OverheardConnector::connect(dns::Target target, net::TlsPolicy policy,
                                                                  std::optional<dns::Address> source, BootTime deadline) {
  auto stream = co_await usual_.connect(std::move(target), std::move(policy), source, deadline);
  if (!stream) co_return stream;
  co_return std::make_unique<OverheardStream>(std::move(*stream), listener_);
}

}  // namespace mxpress::mta::net
