// TLS over octets, with OpenSSL.
#include "mta/net/tls_engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "mta/net/certificate_message.h"
#include "mta/net/client_certificate.h"
#include "mta/net/message_lengths.h"
#include "mta/net/tls.h"
#include "mta/net/tls_certificate.h"
#include "mta/net/tls_session_octets.h"
#include "mta/net/tls_sessions.h"
#include "proto/printable.h"

namespace mxpress::mta::net {

using Step = TlsEngine::Step;

struct TlsEngineState {
  CertificateCheck check;  // the session's application data
  std::unique_ptr<SSL, decltype(&SSL_free)> session{nullptr, &SSL_free};
  std::array<char, 4096> input;  // octets input_begin to input_size are still unused
  std::size_t input_begin = 0;
  std::size_t input_size = 0;
  std::string output;
  std::string words;
  std::size_t octets_read = 0;  // of the handshake
  MessageLengths lengths;
  std::size_t octets_said = 0;  // by the peer, decrypted
  std::size_t records = 0;
  std::size_t extra_messages = 0;
  bool established = false;
  bool wants_certificate = false;
  bool is_costly = false;  // a message was not decoded; `check` has the reason
  TlsOffer offer = TlsOffer::usual;
  bool was_verified = false;  // of the session that may be resumed: its certificate
  BootTime resumed_until{};   // the same: its end

  void screen(std::span<unsigned char> message, MessageForm form);
  Step step_of(int result);
  Step fail(std::string why);
  std::string excess() const;
  std::string_view trust() const;
  void goes_on();
  net::TlsLevel level() const { return check.verified ? net::TlsLevel::verified : net::TlsLevel::encrypted; }
};

// The verification result in words.
std::string_view TlsEngineState::trust() const {
  if (check.policy.is_published_sts()) return check.verified ? "verified by MTA-STS" : "unverified, MTA-STS is only tested";
  if (!check.policy.is_by_dns()) return check.verified ? "verified" : "unverified";
  return check.verified ? "verified by DANE" : "unverified, no TLSA record can be used";
}

// The earlier session is resumed. Of TLS 1.2 its ticket may be used again; TLS 1.3 sends new ones.
void TlsEngineState::goes_on() {
  check.verified = was_verified;
  if (check.sessions.empty() && SSL_version(session.get()) < TLS1_3_VERSION) check.sessions.emplace_back(SSL_get1_session(session.get()));
}

// The limit that was exceeded, or an empty text.
std::string TlsEngineState::excess() const {
  if (!established && octets_read > TlsEngine::kMaxHandshakeOctets) return "TLS: the handshake is too long";
  if (!established && lengths.longest() > kMaxRequestOctets) return "TLS: a message of the handshake is too long";
  if (!established && records > TlsEngine::kMaxHandshakeRecords) return "TLS: the handshake has too many records";
  if (extra_messages > TlsEngine::kMaxExtraMessages) return "TLS: too many key updates, tickets or alerts";
  if (records > TlsEngine::kFreeRecords + 2 * octets_said) return "TLS: too many records without content";
  return {};
}

// Makes a handshake message unreadable if decoding it would be too costly: OpenSSL refuses a vector that is longer than its message, and
// stops there.
void TlsEngineState::screen(std::span<unsigned char> message, MessageForm form) {
  const std::span<unsigned char> body = message.subspan(std::min<std::size_t>(message.size(), SSL3_HM_HEADER_LENGTH));
  std::string why;
  if (message[0] == SSL3_MT_CERTIFICATE_REQUEST) wants_certificate = true;
  if (message[0] == SSL3_MT_CERTIFICATE) {
    const std::string_view excess = excess_of_certificates(body, form);
    if (!excess.empty()) why = "the mail host's certificates are too costly to check (" + std::string(excess) + ")";
  } else if (message[0] == SSL3_MT_CERTIFICATE_REQUEST && !forget_authorities(body, form)) {
    why = "the mail host's request for a certificate is too long or malformed";
  }
  if (why.empty()) return;
  std::fill(body.begin(), body.end(), 0xff);
  is_costly = true;
  check.handshake = HandshakeFailure::too_costly;
  check.failure = TlsFailure::certificate_not_trusted;
  check.detail = std::move(why);
}

namespace {

// OpenSSL reads and writes the octets of an engine through these functions.
int read_octets(BIO* bio, char* buffer, int size) {
  auto& state = *static_cast<TlsEngineState*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (!state.excess().empty()) return -1;  // not a retry: the session has failed
  const std::size_t count = std::min<std::size_t>(static_cast<std::size_t>(size), state.input_size - state.input_begin);
  if (count == 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::span<const char> octets(state.input.data() + state.input_begin, count);
  state.input_begin += count;
  if (!state.established) {
    state.octets_read += count;
    state.lengths.take(octets);
    if (!state.excess().empty()) return -1;
  }
  std::memcpy(buffer, octets.data(), count);
  return static_cast<int>(count);
}

int write_octets(BIO* bio, const char* bytes, int size) {
  BIO_clear_retry_flags(bio);
  static_cast<TlsEngineState*>(BIO_get_data(bio))->output.append(bytes, static_cast<std::size_t>(size));
  return size;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* make_method() {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "octets of an engine");
  BIO_meth_set_read(method, read_octets);
  BIO_meth_set_write(method, write_octets);
  BIO_meth_set_ctrl(method, control);
  return method;
}

BIO* make_octets(TlsEngineState* state) {
  static BIO_METHOD* const method = make_method();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, state);
  BIO_set_init(bio, 1);
  return bio;
}

// Called for each record header and each message: complete, decrypted and not decoded yet, in the buffer that OpenSSL decodes it from.
// Handshake messages and alerts after the handshake carry no mail.
void see_message(int is_write, int version, int type, const void* octets, std::size_t size, SSL*, void* argument) {
  auto& state = *static_cast<TlsEngineState*>(argument);
  if (is_write) return;
  if (type == SSL3_RT_HEADER) ++state.records;
  if (state.established && (type == SSL3_RT_HANDSHAKE || type == SSL3_RT_ALERT)) ++state.extra_messages;
  if (type != SSL3_RT_HANDSHAKE || size == 0) return;
  auto* message = static_cast<unsigned char*>(const_cast<void*>(octets));
  state.screen({message, size}, version == TLS1_3_VERSION ? MessageForm::tls13 : MessageForm::tls12);
}

using SessionPtr = std::unique_ptr<SSL_SESSION, decltype(&SSL_SESSION_free)>;

bool resume(SSL* session, const std::string& ticket) {
  const auto* octets = reinterpret_cast<const unsigned char*>(ticket.data());
  const SessionPtr earlier(d2i_SSL_SESSION(nullptr, &octets, static_cast<long>(ticket.size())), &SSL_SESSION_free);
  const bool done = earlier && SSL_set_session(session, earlier.get()) == 1;
  if (!done) ERR_clear_error();
  return done;
}

// The rest of the certificate's time, at most TlsSessions::kKeep; 0 if it has none.
Duration time_left(const X509* certificate) {
  int days = 0, seconds = 0;
  if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1) return Duration(0);
  return std::clamp<Duration>(std::chrono::days(days) + std::chrono::seconds(seconds), Duration(0), TlsSessions::kKeep);
}

std::string words_of(unsigned long error) {
  const char* reason = ERR_reason_error_string(error);
  const char* library = ERR_lib_error_string(error);
  constexpr std::size_t kMaxWords = 200;
  return proto::printable("TLS: " + std::string(reason ? reason : "failed") + (library ? " (" + std::string(library) + ")" : ""),
                          kMaxWords);
}

}  // namespace

Step TlsEngineState::fail(std::string why) {
  words = std::move(why);
  if (check.handshake == HandshakeFailure::none) check.handshake = HandshakeFailure::other;
  return Step::failed;
}

// Interprets the `result` of a call of OpenSSL.
Step TlsEngineState::step_of(int result) {
  if (std::string why = excess(); !why.empty()) {
    check.handshake = HandshakeFailure::too_costly;
    return fail(std::move(why));
  }
  if (is_costly) return fail("TLS: " + check.detail);
  const int error = SSL_get_error(session.get(), result);
  if (error == SSL_ERROR_NONE || error == SSL_ERROR_ZERO_RETURN) return Step::done;
  if (error == SSL_ERROR_WANT_READ) return Step::wants_input;
  const unsigned long why = ERR_peek_error();
  if (ERR_GET_REASON(why) == SSL_R_EXCESSIVE_MESSAGE_SIZE) check.handshake = HandshakeFailure::too_costly;
  return fail(words_of(why));
}

TlsEngine::TlsEngine(TlsOffer offer, std::string server_name, net::TlsPolicy policy, const ClientCertificate* certificate,
                     const TlsTicket* ticket)
    : state_(std::make_unique<TlsEngineState>()) {
  state_->check.host = std::move(server_name);
  state_->check.policy = std::move(policy);
  state_->offer = offer;
  state_->session.reset(SSL_new(client_tls_context(offer)));
  SSL* session = state_->session.get();
  BIO* octets = make_octets(state_.get());
  SSL_set_bio(session, octets, octets);
  SSL_set_connect_state(session);
  SSL_set_msg_callback(session, see_message);
  SSL_set_msg_callback_arg(session, state_.get());
  prepare_check(session, state_->check);
  if (certificate) certificate->show_in(session);
  if (!ticket || !resume(session, ticket->session)) return;
  state_->was_verified = ticket->verified;
  state_->resumed_until = ticket->until;
}

TlsEngine::~TlsEngine() = default;

TlsEngine::Step TlsEngine::handshake() {
  ERR_clear_error();
  const Step step = state_->step_of(SSL_do_handshake(state_->session.get()));
  if (step != Step::done) return step;
  if (SSL_session_reused(state_->session.get())) state_->goes_on();
  if (!net::is_enough(state_->check.policy, state_->level())) return state_->fail("TLS: the certificate was not verified");
  state_->established = true;
  return step;
}

TlsEngine::Step TlsEngine::read(std::span<char> buffer, std::size_t& count) {
  ERR_clear_error();
  count = 0;
  const int result = SSL_read_ex(state_->session.get(), buffer.data(), buffer.size(), &count);
  state_->octets_said += count;
  return count > 0 ? Step::done : state_->step_of(result);
}

TlsEngine::Step TlsEngine::write(std::string_view bytes) {
  ERR_clear_error();
  std::size_t count = 0;
  return state_->step_of(SSL_write_ex(state_->session.get(), bytes.data(), bytes.size(), &count));
}

bool TlsEngine::has_unread() {
  if (SSL_pending(state_->session.get()) > 0) return true;
  if (state_->input_begin == state_->input_size) return false;
  ERR_clear_error();
  char octet;
  std::size_t count = 0;
  const int result = SSL_peek_ex(state_->session.get(), &octet, 1, &count);
  // Anything else that has arrived, the end or data that is not TLS, must be read, too.
  return result == 1 || SSL_get_error(state_->session.get(), result) != SSL_ERROR_WANT_READ;
}

std::span<char> TlsEngine::input_space() {
  state_->input_begin = state_->input_size = 0;
  return state_->input;
}

void TlsEngine::input_arrived(std::size_t count) { state_->input_size = count; }

std::string TlsEngine::take_output() { return std::exchange(state_->output, {}); }

std::string TlsEngine::words() const { return state_->words; }
std::size_t TlsEngine::records() const { return state_->records; }
std::size_t TlsEngine::extra_messages() const { return state_->extra_messages; }

std::optional<TlsTicket> TlsEngine::take_ticket(BootTime now) {
  if (state_->check.sessions.empty()) return std::nullopt;
  const auto taken = std::move(state_->check.sessions.back());
  state_->check.sessions.pop_back();
  SSL_SESSION* const session = taken.get();
  if (!state_->established || state_->check.failure != TlsFailure::none) return std::nullopt;
  const int size = i2d_SSL_SESSION(session, nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > TlsSessions::kMaxOctets) return std::nullopt;
  TlsTicket ticket{std::string(static_cast<std::size_t>(size), '\0'), state_->offer, state_->check.verified, now};
  auto* octets = reinterpret_cast<unsigned char*>(ticket.session.data());
  i2d_SSL_SESSION(session, &octets);
  ticket.session = without_certificate(ticket.session);
  const Duration hint = std::chrono::seconds(SSL_SESSION_get_timeout(session));
  const X509* const certificate = SSL_SESSION_get0_peer(session);
  ticket.until = now + std::min(hint, certificate && ticket.verified ? time_left(certificate) : TlsSessions::kKeep);
  // However often a session is resumed, it ends when the certificate has to be seen again.
  if (SSL_session_reused(state_->session.get())) ticket.until = std::min(ticket.until, state_->resumed_until);
  return ticket;
}

// RFC 9266 4.2: in TLS 1.2 only with the extended master secret.
std::string TlsEngine::channel_binding() const {
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  SSL* session = state_->session.get();
  if (!state_->established || (SSL_version(session) < TLS1_3_VERSION && SSL_get_extms_support(session) != 1)) return {};
  std::string octets(32, '\0');
  const int done = SSL_export_keying_material(session, reinterpret_cast<unsigned char*>(octets.data()), octets.size(), kLabel.data(),
                                              kLabel.size(), nullptr, 0, 0);
  return done == 1 ? octets : std::string();
}

TlsState TlsEngine::state() const {
  SSL* session = state_->session.get();
  const CertificateCheck& check = state_->check;
  TlsState state;
  state.handshake = check.handshake;
  state.failure = check.failure;
  state.detail = check.detail;
  state.wants_certificate = state_->wants_certificate;
  state.resumed = SSL_session_reused(session) == 1;
  if (!state_->established) return state;
  state.level = state_->level();
  const bool is_weak = state_->offer == TlsOffer::relaxed || state_->offer == TlsOffer::legacy;
  state.description = std::string(SSL_get_version(session)) + "/" + SSL_get_cipher_name(session) + " (" + std::string(state_->trust()) +
                      (is_weak ? ", weak" : "") + ")";
  return state;
}

}  // namespace mxpress::mta::net
