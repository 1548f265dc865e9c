// Lets somebody listen to the dialogues with mail hosts: a connector whose streams repeat what both sides say, outside TLS.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "mta/net/stream.h"

namespace mxpress::mta::net {

enum class Speaker : std::uint8_t {
  client,
  host,
  tls  // the result of a handshake, in words
};

// `line`: as received or sent, without its line end; not cleaned. Called on the thread of the stream, before the line takes effect.
using Listener = std::function<void(Speaker speaker, std::string_view line)>;

// Makes lines of octets. A line is cut at kMostOfLine octets.
class LineSplitter {
 public:
  static constexpr std::size_t kMostOfLine = 1000;

  // Calls `take` with each complete line.
  void feed(std::string_view octets, const std::function<void(std::string_view line)>& take);
  // An incomplete line; empty: there is none.
  std::string take_rest();

 private:
  std::string line_;
};

// Hides the secrets of a dialogue: all that AUTH transfers (RFC 4954 4) is replaced by "(not shown)".
class SecretCover {
 public:
  // The line as it may be shown.
  std::string covered(Speaker speaker, std::string_view line);

 private:
  bool is_signing_in_ = false;
};

// `usual` connects; both must outlive the streams.
class OverheardConnector final : public Connector {
 public:
  OverheardConnector(Connector& usual, Listener listener) : usual_(usual), listener_(std::move(listener)) {}
  Task<Result<std::unique_ptr<Stream>>> connect(dns::Target target, net::TlsPolicy policy, std::optional<dns::Address> source,
                                                BootTime deadline) override;

 private:
  Connector& usual_;
  const Listener listener_;
};

}  // namespace mxpress::mta::net
