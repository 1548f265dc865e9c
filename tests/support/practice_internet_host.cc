// SMTP of a mail host, correct (RFC 5321) and faulty.
#include "tests/support/practice_internet_host.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <algorithm>

namespace mxpress::testing {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;

constexpr std::size_t kMaxLine = 1 << 20;

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

}  // namespace

// One connection, before or after STARTTLS. Ends by an exception of Asio when the client is gone.
template <class Stream>
class PracticeMailHost::Conversation {
 public:
  Conversation(PracticeMailHost& owner, Stream& stream, bool tls) : owner_(owner), stream_(stream) { mail_.tls = tls; }

  // True: the client wants STARTTLS.
  awaitable<bool> run(bool greet) {
    if (greet) co_await say(Stage::greeting, "220 " + owner_.host_.name + " ESMTP practice");
    while (!closed_) {
      const std::string line = co_await read_line();
      const std::string verb = upper(line.substr(0, 4));
      if (upper(line) == "STARTTLS" && owner_.host_.tls && !mail_.tls) {
        co_await write("220 2.0.0 go ahead\r\n");
        co_return true;
      }
      if (verb == "QUIT") {
        co_await write("221 2.0.0 bye\r\n");
        co_return false;
      }
      co_await command(verb, line);
    }
    co_return false;
  }

 private:
  awaitable<void> command(const std::string& verb, const std::string& line) {
    if (verb == "EHLO" || verb == "HELO") {
      mail_.hello = line.substr(std::min<std::size_t>(5, line.size()));
      co_await say(Stage::ehlo, "250-" + owner_.host_.name + "\r\n250-PIPELINING\r\n250-SIZE 200000000\r\n250-8BITMIME\r\n250-DSN\r\n" +
                                    (owner_.host_.tls && !mail_.tls ? "250-STARTTLS\r\n" : "") + "250 ENHANCEDSTATUSCODES");
    } else if (verb == "MAIL") {
      mail_.sender = line.substr(std::min<std::size_t>(10, line.size()));
      mail_.recipients.clear();
      co_await say(Stage::mail, "250 2.1.0 ok");
    } else if (verb == "RCPT") {
      co_await recipient(line.substr(std::min<std::size_t>(8, line.size())));
    } else if (verb == "DATA") {
      co_await data();
    } else {
      co_await write(verb == "RSET" || verb == "NOOP" ? "250 2.0.0 ok\r\n" : "502 5.5.1 what?\r\n");
    }
  }

  awaitable<void> recipient(std::string recipient) {
    int& refusals = owner_.greylisted_[mail_.sender + " " + recipient];
    if (refusals < owner_.host_.greylist) {
      ++refusals;
      owner_.record_.event("greylisted", {{"host", owner_.host_.name}, {"recipient", recipient}});
      co_await write("451 4.7.1 greylisted, try again later\r\n");
      co_return;
    }
    if (co_await say(Stage::rcpt, "250 2.1.5 ok")) mail_.recipients.push_back(std::move(recipient));
  }

  awaitable<void> data() {
    if (mail_.recipients.empty()) {
      co_await write("554 5.5.1 no valid recipients\r\n");
      co_return;
    }
    if (!co_await say(Stage::data, "354 go ahead")) co_return;
    mail_.content.clear();
    for (std::string line = co_await read_line(); line != "."; line = co_await read_line())
      mail_.content += line.substr(!line.empty() && line[0] == '.' ? 1 : 0) + "\r\n";
    mail_.host = owner_.host_.name;
    // Recorded before the reply, so that the message is here before the queue is empty.
    if (owner_.host_.stage != Stage::dot) owner_.record_.delivered(mail_);
    co_await say(Stage::dot, "250 2.0.0 taken");
    mail_.recipients.clear();
  }

  // False: the host did something else at this stage.
  awaitable<bool> say(Stage stage, std::string reply) {
    if (owner_.host_.stage != stage) {
      co_await write(reply + "\r\n");
      co_return true;
    }
    owner_.record_.event("misbehaved", {{"host", owner_.host_.name}, {"sender", mail_.sender}});
    co_await misbehave();
    co_return false;
  }

  awaitable<void> misbehave() {
    const PracticeHost& host = owner_.host_;
    switch (host.fault) {
      case HostFault::none:
        break;
      case HostFault::reply:
        co_await write(host.text + "\r\n");
        break;
      case HostFault::hang:
        co_await hang();
        break;
      case HostFault::close:
        closed_ = true;
        break;
      case HostFault::drip:
        co_await drip();
        break;
      case HostFault::flood:
        for (const std::string line = "250-" + std::string(400, 'x') + "\r\n";;) co_await write(line);
      case HostFault::nonsense:
        co_await write(std::string("\0\x1b[31mhello\r\n999 \xff\r\n2\r\n", 22));
        break;
    }
  }

  // Waits until the client disconnects.
  awaitable<void> hang() {
    for (;;) co_await read_line();
  }

  awaitable<void> drip() {
    asio::steady_timer timer(owner_.io_);
    co_await write("250-");
    for (;;) {
      timer.expires_after(std::chrono::milliseconds(100));
      co_await timer.async_wait(use_awaitable);
      co_await write("x");
    }
  }

  awaitable<std::string> read_line() {
    const std::size_t size = co_await asio::async_read_until(stream_, asio::dynamic_buffer(buffer_, kMaxLine), "\r\n", use_awaitable);
    std::string line = buffer_.substr(0, size - 2);
    buffer_.erase(0, size);
    co_return line;
  }

  awaitable<void> write(std::string text) { co_await asio::async_write(stream_, asio::buffer(text), use_awaitable); }

  PracticeMailHost& owner_;
  Stream& stream_;
  std::string buffer_;
  PracticeMail mail_;
  bool closed_ = false;
};

PracticeMailHost::PracticeMailHost(asio::io_context& io, const PracticeHost& host, std::uint16_t port, PracticeRecord& record,
                                   ssl::context& tls)
    : io_(io), host_(host), record_(record), tls_(tls), acceptor_(io, {asio::ip::make_address(host.address), port}) {}

void PracticeMailHost::start() { asio::co_spawn(io_, serve(), asio::detached); }

awaitable<void> PracticeMailHost::serve() {
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(use_awaitable));
    if (error) continue;
    // The end of one connection does not affect the others.
    asio::co_spawn(io_, talk(std::move(socket)), [](std::exception_ptr) {});
  }
}

awaitable<void> PracticeMailHost::talk(tcp::socket socket) {
  socket.set_option(tcp::no_delay(true));
  Conversation<tcp::socket> clear(*this, socket, false);
  if (!co_await clear.run(true)) co_return;
  ssl::stream<tcp::socket&> stream(socket, tls_);
  co_await stream.async_handshake(ssl::stream_base::server, use_awaitable);
  Conversation<ssl::stream<tcp::socket&>> secret(*this, stream, true);
  co_await secret.run(false);
}

ssl::context make_practice_tls() {
  ssl::context context(ssl::context::tls_server);
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600 * 24 * 30);
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("practice.example"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  SSL_CTX_use_certificate(context.native_handle(), certificate);
  SSL_CTX_use_PrivateKey(context.native_handle(), key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return context;
}

}  // namespace mxpress::testing
