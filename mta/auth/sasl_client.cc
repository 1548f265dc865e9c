// SASL by GNU SASL.
#include "mta/auth/sasl_client.h"

#include <gsasl.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "mta/auth/token_message.h"
#include "mta/config/route_config.h"
#include "proto/ascii.h"
#include "proto/encoding.h"

namespace mxpress::mta::auth {
namespace {

struct FreeContext {
  void operator()(Gsasl* context) const { gsasl_done(context); }
};
struct FreeSession {
  void operator()(Gsasl_session* session) const { gsasl_finish(session); }
};

bool is_scram(std::string_view mechanism) { return mechanism.starts_with("SCRAM-"); }
bool is_bound(std::string_view mechanism) { return mechanism.ends_with("-PLUS"); }

bool contains(const std::vector<std::string>& all, std::string_view one) { return std::find(all.begin(), all.end(), one) != all.end(); }

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// RFC 5802 5.1: "r=...,s=...,i=4096". Nullopt if it is not such a message.
std::optional<std::uint32_t> iterations_in(std::string_view challenge) {
  const auto at = challenge.find(",i=");
  if (at == challenge.npos || !challenge.starts_with("r=")) return std::nullopt;
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(challenge.data() + at + 3, challenge.data() + challenge.size(), count);
  (void)end;
  return error == std::errc() ? std::optional(count) : error == std::errc::result_out_of_range ? std::optional(UINT32_MAX) : std::nullopt;
}

std::string words_of(int code) {
  switch (code) {
    case GSASL_MECHANISM_PARSE_ERROR:
      return "the mail host's challenge makes no sense";
    case GSASL_AUTHENTICATION_ERROR:
      return "the mail host has not proved that it knows the password";
    case GSASL_SASLPREP_ERROR:
      return "the user name or the password has characters that cannot be used: it must be UTF-8";
    default:
      return gsasl_strerror(code);
  }
}

}  // namespace

bool shows_password(std::string_view mechanism) { return mechanism == "PLAIN" || mechanism == "LOGIN"; }

// A host that asks for a certificate and offers no EXTERNAL needs nothing more than the certificate.
bool is_known_by_certificate(const std::vector<std::string>& offered, const Login& login, const Channel& channel) {
  const auto is_external = [](const std::string& name) { return proto::upper_case(name) == "EXTERNAL"; };
  return login.kind == SecretKind::certificate && channel.wants_certificate && std::none_of(offered.begin(), offered.end(), is_external);
}

MechanismChoice choose_mechanisms(const std::vector<std::string>& offered, const Login& login, const Channel& channel) {
  if (login.kind == SecretKind::certificate && !channel.wants_certificate)
    return {{}, "the mail host has not asked for this host's certificate, [credentials." + login.name + "] certificate_file"};
  if (offered.empty())
    return {
        {},
        "the mail host offers no way to sign in (no AUTH in its answer to EHLO): the ports for that are 587, and 465 with implicit = true"};
  std::vector<std::string> upper;
  for (const std::string& name : offered) upper.push_back(proto::upper_case(name));
  std::vector<std::string> wanted(auth_mechanisms().begin(), auth_mechanisms().end());
  if (!login.mechanisms.empty()) wanted = login.mechanisms;
  MechanismChoice choice;
  std::erase_if(wanted, [&](const std::string& name) { return kind_of_mechanism(name) != login.kind; });
  const bool is_token = login.kind == SecretKind::token;
  bool shown = false;
  for (const std::string& name : wanted) {
    if (!contains(upper, name) || (is_bound(name) && channel.binding.empty())) continue;
    const bool is_safe = channel.is_verified || (!is_token && (!shows_password(name) || login.allow_cleartext));
    shown = shown || !is_safe;
    if (is_safe) choice.mechanisms.push_back(name);
  }
  if (!choice.mechanisms.empty()) return choice;
  if (shown && is_token)
    choice.failure = "the mail host has not proved who it is, and gets no access token: set tls = \"verify\" for the route";
  else if (shown)
    choice.failure =
        "the mail host has not proved who it is, and would get the password itself: set tls = \"verify\" for the route, or allow_cleartext "
        "= "
        "true in [credentials." +
        login.name + "]";
  else
    choice.failure = "the mail host offers " + joined(upper) + ", and this host can, or may by [credentials." + login.name +
                     "] mechanisms, sign in by " + joined(wanted) + " only" + (is_token ? " with an access token" : "");
  return choice;
}

struct SaslClient::State {
  Result<std::string> step_with_token();

  std::string mechanism;
  std::optional<Result<std::string>> token;  // the message with the token
  std::unique_ptr<Gsasl, FreeContext> context;
  std::unique_ptr<Gsasl_session, FreeSession> session;  // destroyed before its context
  int start_error = GSASL_OK;
  int steps = 0;
  bool is_complete = false;
};

// Channel binding only for mechanisms that have it: otherwise GNU SASL 2.2 fails.
SaslClient::SaslClient(std::string mechanism, const Login& login, const Channel& channel) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.mechanism = std::move(mechanism);
  if (kind_of_mechanism(state.mechanism) == SecretKind::token) {
    state.token = token_message(state.mechanism, login, channel);
    return;
  }
  Gsasl* context = nullptr;
  state.start_error = gsasl_init(&context);
  state.context.reset(context);
  Gsasl_session* session = nullptr;
  if (state.start_error == GSASL_OK) state.start_error = gsasl_client_start(context, state.mechanism.c_str(), &session);
  state.session.reset(session);
  if (state.start_error != GSASL_OK) return;
  const auto set = [&](Gsasl_property property, const std::string& value) {
    const int code = gsasl_property_set_raw(session, property, value.data(), value.size());
    if (code != GSASL_OK) state.start_error = code;
  };
  set(login.kind == SecretKind::certificate ? GSASL_AUTHZID : GSASL_AUTHID, login.user);
  if (login.kind == SecretKind::password) set(GSASL_PASSWORD, login.password.reveal());
  if (is_bound(state.mechanism)) set(GSASL_CB_TLS_EXPORTER, proto::base64(channel.binding));
}

SaslClient::~SaslClient() {
  if (state_ && state_->token && *state_->token) wipe(**state_->token);
}
SaslClient::SaslClient(SaslClient&&) noexcept = default;

// RFC 4422 appendix A, RFC 4616, RFC 5802, RFC 7628. LOGIN and CRAM-MD5 wait for the host.
bool SaslClient::begins() const {
  const std::string& mechanism = state_->mechanism;
  return state_->token || mechanism == "PLAIN" || mechanism == "EXTERNAL" || is_scram(mechanism);
}

// The first message is complete. A challenge after it is a refusal, which must be answered before the host sends its reply.
Result<std::string> SaslClient::State::step_with_token() {
  is_complete = steps == 1;
  if (steps == 1) return *token;
  if (steps == 2) return std::string(answer_to_refusal(mechanism));
  return Error::transient("the mail host asks for more than the mechanism has");
}

Result<std::string> SaslClient::step(std::string_view challenge) {
  State& state = *state_;
  const auto failed = [&](const std::string& why) { return Error::transient("signing in by " + state.mechanism + " failed: " + why); };
  if (state.start_error != GSASL_OK) return failed(words_of(state.start_error));
  if (++state.steps > kMaxSteps) return failed("the mail host does not stop asking");
  if (state.token) {
    auto message = state.step_with_token();
    return message ? std::move(message) : failed(message.error().message);
  }
  if (state.is_complete && challenge.empty()) return std::string();
  if (state.is_complete) return failed("the mail host asks for more than the mechanism has");
  if (is_scram(state.mechanism))
    if (const auto count = iterations_in(challenge); count && *count > kMaxIterations)
      return failed("the mail host asks for " + std::to_string(*count) + " iterations, more than " + std::to_string(kMaxIterations));
  char* output = nullptr;
  std::size_t size = 0;
  const int code = gsasl_step(state.session.get(), challenge.data(), challenge.size(), &output, &size);
  if (code != GSASL_OK && code != GSASL_NEEDS_MORE) return failed(words_of(code));
  std::string answer(output ? output : "", output ? size : 0);
  gsasl_free(output);
  state.is_complete = code == GSASL_OK;
  return answer;
}

bool SaslClient::is_complete() const { return state_->is_complete; }
const std::string& SaslClient::mechanism() const { return state_->mechanism; }

}  // namespace mxpress::mta::auth
