// bench-load sink: mail hosts that accept everything, and some that hang, drip or are busy, on one thread.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <list>
#include <memory>
#include <utility>

#include "tests/bench/arrivals.h"
#include "tests/bench/load.h"
#include "tests/bench/sink_tls.h"

namespace mxpress::bench {

namespace {

constexpr std::size_t kHeaderKept = 64 << 10;
constexpr std::string_view kEnd = "\r\n.\r\n", kDrip = "220-drip\r\n", kBusy = "421 4.3.2 Too busy\r\n";

enum class Mode { good, hang, drip, busy };
constexpr const char* kModes[] = {"good", "hang", "drip", "busy"};

struct Connections {
  std::size_t all = 0, open = 0, most = 0;
};

// An object with events.
struct Tagged {
  int descriptor = -1;
  Mode mode = Mode::good;
  bool listens = false;
};

class Session : public Tagged {
 public:
  Session(int socket, Mode its_mode, Arrivals& arrivals, TlsServer& tls, bool takes_one)
      : Tagged{socket, its_mode, false}, arrivals_(arrivals), server_(tls), takes_one_(takes_one) {
    if (mode == Mode::good) say("220 sink.example ESMTP\r\n");
    flush();
  }

  // False: it has ended.
  [[nodiscard]] bool on_readable(char* buffer, std::size_t size) {
    do {
      const auto count = tls_ ? tls_->read(buffer, size) : ::recv(descriptor, buffer, size, 0);
      if (count <= 0) return count < 0 && errno == EAGAIN;
      if (mode != Mode::good) return true;
      input_.append(buffer, static_cast<std::size_t>(count));
      while (!leaves_ && (in_content_ ? take_content() : take_line())) {
      }
      input_.erase(0, std::exchange(taken_, 0));
      if (!flush() || leaves_) return false;
      if (std::exchange(begins_tls_, false)) tls_ = server_.accept(descriptor);
    } while (tls_);  // it may hold data that the socket no longer has
    return true;
  }

  // Sends the next octet of an endless greeting.
  void drip() { [[maybe_unused]] const auto count = ::send(descriptor, &kDrip[dripped_++ % kDrip.size()], 1, 0); }

 private:
  void say(std::string_view reply) { output_ += reply; }

  // Replies are short, and a client that has sent commands reads them.
  bool flush() {
    if (output_.empty()) return true;
    const bool sent =
        tls_ ? tls_->write(output_) : ::send(descriptor, output_.data(), output_.size(), 0) == static_cast<ssize_t>(output_.size());
    output_.clear();
    return sent;
  }

  bool take_line() {
    const auto end = input_.find('\n', taken_);
    if (end == input_.npos) return false;
    command(input_.substr(taken_, end - taken_));
    taken_ = end + 1;
    return true;
  }

  void command(const std::string& line) {
    auto verb = line.substr(0, 4);
    std::transform(verb.begin(), verb.end(), verb.begin(), [](char c) { return std::toupper(c); });
    if (verb == "EHLO") return greet();
    if (verb == "STAR") begins_tls_ = true;
    if (verb == "RCPT") recipients_.push_back(line.substr(line.find('<'), line.find('>') - line.find('<')));
    if (verb == "RSET" || verb == "MAIL") recipients_.clear();
    if (verb == "DATA") return begin_content();
    if (verb == "QUIT") leaves_ = true;
    say(leaves_ ? "221 2.0.0 Bye\r\n" : "250 2.0.0 Ok\r\n");
  }

  void greet() {
    say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n");
    if (server_.is_on() && !tls_) say("250-STARTTLS\r\n");
    say("250 SIZE 100000000\r\n");
  }

  void begin_content() {
    say("354 Go ahead\r\n");
    in_content_ = true;
    header_.clear();
    length_ = 0;
    tail_ = "\r\n";
  }

  // Keeps only the header and the last octets.
  bool take_content() {
    const auto rest = std::string_view(input_).substr(taken_);
    const auto across = (tail_ + std::string(rest.substr(0, kEnd.size() - 1))).find(kEnd), inside = rest.find(kEnd);
    const bool is_whole = across != rest.npos || inside != rest.npos;
    const auto end = across != rest.npos ? across + kEnd.size() - tail_.size() : is_whole ? inside + kEnd.size() : rest.size();
    keep(rest.substr(0, end));
    taken_ += end;
    if (is_whole) finish();
    return is_whole;
  }

  void keep(std::string_view part) {
    length_ += part.size();
    if (header_.size() < kHeaderKept) header_.append(part.substr(0, kHeaderKept - header_.size()));
    tail_.append(part.substr(part.size() - std::min(part.size(), kEnd.size() - 1)));
    tail_.erase(0, tail_.size() - std::min(tail_.size(), kEnd.size() - 1));
  }

  void finish() {
    const auto end = header_.find("\r\n\r\n");
    const auto header = end == header_.npos ? header_.size() : end + 4;
    arrivals_.add(std::string_view(header_).substr(0, header), length_ - header - 3, recipients_);  // 3: the dot and its line end
    in_content_ = false;
    say("250 2.0.0 Taken\r\n");
    leaves_ = takes_one_;
  }

  Arrivals& arrivals_;
  TlsServer& server_;
  std::unique_ptr<TlsConnection> tls_;
  const bool takes_one_;
  bool begins_tls_ = false;
  std::string input_, output_, header_, tail_;
  std::vector<std::string> recipients_;
  std::size_t taken_ = 0, length_ = 0, dripped_ = 0;
  bool in_content_ = false, leaves_ = false;
};

class Sink {
 public:
  explicit Sink(const Options& options)
      : arrivals_(options.number("tell")), tls_(options), takes_one_(options.text("one-each") == "yes"), buffer_(256 << 10) {
    std::string_view groups = options.text("listen");
    while (!groups.empty()) {
      const auto group = groups.substr(0, groups.find(','));
      groups.remove_prefix(std::min(group.size() + 1, groups.size()));
      listen(std::string(group), static_cast<std::uint16_t>(options.number("port")));
    }
    wait_for_signals();
  }

  void run() {
    std::puts(R"({"ready":true})");
    auto last_drip = now();
    for (bool goes_on = true; goes_on;) {
      for (const auto& event : poll_.wait(drips_ ? 1000 : -1)) goes_on &= on_event(static_cast<Tagged*>(event.data.ptr));
      if (drips_ && now() - last_drip >= 1'000'000'000) {
        drip();
        last_drip = now();
      }
    }
    report();
  }

 private:
  // MODE:ADDRESS+COUNT
  void listen(const std::string& group, std::uint16_t port) {
    const auto colon = group.find(':'), plus = group.find('+');
    const auto mode = static_cast<Mode>(std::find(kModes, kModes + 4, group.substr(0, colon)) - kModes);
    const auto address = ntohl(::inet_addr(group.substr(colon + 1, plus - colon - 1).c_str()));
    for (std::uint32_t i = 0; i < std::strtoul(&group[plus + 1], nullptr, 10); ++i) {
      listeners_.push_back({listen_on(address + i, port), mode, true});
      poll_.add(listeners_.back().descriptor, EPOLLIN, &listeners_.back());
    }
    drips_ |= mode == Mode::drip;
  }

  void wait_for_signals() {
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    poll_.add(::signalfd(-1, &set, SFD_CLOEXEC), EPOLLIN, nullptr);
  }

  // Returns false at the end.
  bool on_event(Tagged* tagged) {
    if (tagged == nullptr) return false;
    if (tagged->listens) {
      accept(*tagged);
    } else if (auto* session = static_cast<Session*>(tagged); !session->on_readable(buffer_.data(), buffer_.size())) {
      end(session);
    }
    return true;
  }

  void accept(const Tagged& listener) {
    const int descriptor = ::accept4(listener.descriptor, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    // In TLS tickets and a reply leave as two writes: the second must not wait until the first is acknowledged.
    const int yes = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    auto& connections = connections_[static_cast<std::size_t>(listener.mode)];
    ++connections.all;
    connections.most = std::max(connections.most, ++connections.open);
    if (listener.mode == Mode::busy) return turn_away(descriptor, connections);
    auto* session = new Session(descriptor, listener.mode, arrivals_, tls_, takes_one_);  // end() deletes it
    if (listener.mode == Mode::drip) dripping_.push_back(session);
    poll_.add(descriptor, EPOLLIN, session);
  }

  void turn_away(int descriptor, Connections& connections) {
    [[maybe_unused]] const auto count = ::send(descriptor, kBusy.data(), kBusy.size(), 0);
    ::close(descriptor);
    --connections.open;
  }

  void end(Session* session) {
    --connections_[static_cast<std::size_t>(session->mode)].open;
    dripping_.remove(session);
    ::close(session->descriptor);
    delete session;
  }

  void drip() {
    for (auto* session : dripping_) session->drip();
  }

  void report() {
    std::printf("{%s", arrivals_.report().c_str());
    for (std::size_t mode = 0; mode < 4; ++mode) {
      std::printf(R"(,"%s":{"connections":%zu,"at_once":%zu})", kModes[mode], connections_[mode].all, connections_[mode].most);
    }
    std::printf(R"(,"handshakes":%ld,"resumed":%ld)", tls_.handshakes(), tls_.resumed());
    std::puts("}");
  }

  Poll poll_;
  Arrivals arrivals_;
  TlsServer tls_;
  const bool takes_one_;
  std::vector<char> buffer_;
  std::list<Tagged> listeners_;
  std::list<Session*> dripping_;
  Connections connections_[4];
  bool drips_ = false;
};

}  // namespace

int run_sink(const Options& options) {
  Sink(options).run();
  return 0;
}

}  // namespace mxpress::bench
