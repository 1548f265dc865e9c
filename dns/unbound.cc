// Answers validated by libunbound: see unbound.h.
#include "dns/unbound.h"

#include <unbound.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <map>
#include <span>
#include <utility>

#include "dns/packet.h"
#include "dns/reading.h"

namespace mxpress::dns {
namespace {

constexpr std::size_t kMostReason = 300;
constexpr std::size_t kSpare = 64;  // for questions that libunbound asks itself

struct DeleteContext {
  void operator()(ub_ctx* context) const { ub_ctx_delete(context); }
};
using ContextHandle = std::unique_ptr<ub_ctx, DeleteContext>;

struct FreeResult {
  void operator()(ub_result* result) const { ub_resolve_free(result); }
};
using ResultHandle = std::unique_ptr<ub_result, FreeResult>;

struct Option {
  const char* name;
  const char* value;
};

// Sizes are in octets. What is not needed by one host's mail stays small; localhost may be asked, because forwarders are often there. A
// bogus answer is asked for once more, from another server: each time costs verifications, which a zone can make expensive.
constexpr Option kOptions[] = {
    {"do-not-query-localhost:", "no"}, {"msg-cache-size:", "512k"}, {"msg-cache-slabs:", "1"},         {"rrset-cache-size:", "1m"},
    {"rrset-cache-slabs:", "1"},       {"key-cache-size:", "512k"}, {"key-cache-slabs:", "1"},         {"neg-cache-size:", "128k"},
    {"infra-cache-numhosts:", "1000"}, {"infra-cache-slabs:", "1"}, {"trust-anchor-signaling:", "no"}, {"val-log-level:", "2"},
    {"val-log-squelch:", "yes"},       {"val-max-restart:", "1"},
};

// libunbound counts each question about a silent domain as a time-out of the forwarder, and takes a forwarder with many of them for down:
// mail for such domains would keep all other mail waiting. Without this memory each question is asked.
constexpr Option kForwardingOptions[] = {{"infra-host-ttl:", "0"}};

// libunbound takes an address as "192.0.2.53@5353".
std::string forwarder_text(const ServerConfig& server) {
  std::string text = server.address.to_string();
  if (!server.scope.empty()) text += "%" + server.scope;
  return text + "@" + std::to_string(server.port);
}

Status check(int code, const std::string& what) {
  return code == UB_NOERROR ? Status() : Status(Error::permanent("libunbound: " + what + ": " + ub_strerror(code)));
}

Status set_anchors(ub_ctx* context, const Anchors& anchors) {
  if (!anchors.file.empty()) return check(ub_ctx_add_ta_autr(context, anchors.file.c_str()), anchors.file);
  for (const std::string& record : anchors.records)
    if (Status status = check(ub_ctx_add_ta(context, record.c_str()), "trust anchor"); !status) return status;
  return {};
}

Status set_options(ub_ctx* context, std::span<const Option> options) {
  for (const Option& option : options)
    if (Status status = check(ub_ctx_set_option(context, option.name, option.value), option.name); !status) return status;
  return {};
}

// libunbound refuses what is over them.
Status set_room(ub_ctx* context, std::size_t questions) {
  const std::string most = std::to_string(questions + kSpare);
  const Option options[] = {{"num-queries-per-thread:", most.c_str()}, {"outgoing-range:", most.c_str()}};
  return set_options(context, options);
}

Status set_up(ub_ctx* context, const UnboundSettings& settings, std::size_t questions) {
  ub_ctx_debugout(context, nullptr);  // else it writes to standard error
  if (Status status = check(ub_ctx_async(context, 1), "threads"); !status) return status;
  if (Status status = set_options(context, kOptions); !status) return status;
  if (Status status = set_room(context, questions); !status) return status;
  if (!settings.forwarders.empty())
    if (Status status = set_options(context, kForwardingOptions); !status) return status;
  for (const ServerConfig& server : settings.forwarders)
    if (Status status = check(ub_ctx_set_fwd(context, forwarder_text(server).c_str()), server.to_string()); !status) return status;
  const bool has_hints = !settings.root_hints.empty() && ::access(settings.root_hints.c_str(), R_OK) == 0;
  if (has_hints && settings.forwarders.empty())
    if (Status status = check(ub_ctx_set_option(context, "root-hints:", settings.root_hints.c_str()), "root-hints"); !status) return status;
  return set_anchors(context, settings.anchors);
}

// For people: what libunbound says holds names from outside.
std::string printable(const char* text) {
  std::string result;
  for (; text && *text != '\0' && result.size() < kMostReason; ++text) result += *text >= ' ' && *text < 0x7f ? *text : '?';
  return result;
}

ValidatedAnswer failed(std::string text, bool is_bogus = false) {
  ValidatedAnswer result;
  result.answer.text = std::move(text);
  result.is_bogus = is_bogus;
  return result;
}

// A bogus answer comes with its records and without an error: that is looked at first.
ValidatedAnswer read_result(const Question& question, const ub_result& result, const std::string& server) {
  if (result.bogus) return failed("a bogus answer (DNSSEC) from " + server + ": " + printable(result.why_bogus), true);
  const auto* octets = static_cast<const std::uint8_t*>(result.answer_packet);
  const Result<Packet> packet = decode({octets, static_cast<std::size_t>(octets ? result.answer_len : 0)});
  if (!packet) return failed(to_string(static_cast<ReplyCode>(result.rcode)) + " from " + server);
  Reading reading = read_answer(question, *packet);
  if (reading.leads_elsewhere) return failed("an alias that leads nowhere, from " + server);
  reading.answer.authenticated = result.secure != 0 && reading.answer.kind != AnswerKind::failed;
  reading.answer.server = server;
  reading.answer.text += " from " + server;
  return {std::move(reading.answer), false};
}

}  // namespace

std::string name_of(const UnboundSettings& settings) {
  std::string name;
  for (const ServerConfig& server : settings.forwarders) name.append(name.empty() ? "" : ", ").append(server.to_string());
  return name.empty() ? "the zone's own servers" : name;
}

// Shared by the owner and the handler that waits for answers.
class Unbound::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Executor executor, ContextHandle context, std::string server)
      : context_(std::move(context)), server_(std::move(server)), answers_(executor, ub_fd(context_.get())) {}

  void close() {
    if (!context_) return;
    answers_.release();  // the descriptor is libunbound's
    context_.reset();
    for (const auto& [key, asked] : std::exchange(asked_, {})) asked->ended(failed(kGivenUp));
  }

  // Processes answers whenever there are any.
  void watch() {
    answers_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error || !self->context_) return;
      ub_process(self->context_.get());
      self->watch();
    });
  }

  void ask(Question question, Ended ended) {
    if (!context_) return ended(failed(kGivenUp));
    auto asked = std::make_unique<Asked>(*this, std::move(question), std::move(ended));
    Asked* const key = asked.get();
    asked_.emplace(key, std::move(asked));
    const std::string name = key->question.name + ".";
    const int code = ub_resolve_async(context_.get(), name.c_str(), static_cast<int>(key->question.type), 1, key, on_answer, nullptr);
    if (code != UB_NOERROR) end(key, failed(std::string("libunbound: ") + ub_strerror(code)));
  }

 private:
  struct Asked {
    Asked(Core& owner, Question what, Ended then) : core(owner), question(std::move(what)), ended(std::move(then)) {}
    Core& core;
    const Question question;
    const Ended ended;
  };

  // Called by ub_process().
  static void on_answer(void* data, int error, ub_result* raw) {
    const ResultHandle result(raw);
    auto* asked = static_cast<Asked*>(data);
    Core& core = asked->core;
    const bool is_error = error != 0 || !result;
    core.end(asked,
             is_error ? failed(std::string("libunbound: ") + ub_strerror(error)) : read_result(asked->question, *result, core.server_));
  }

  void end(Asked* key, ValidatedAnswer answer) {
    const auto asked = asked_.extract(key);
    asked.mapped()->ended(std::move(answer));
  }

  ContextHandle context_;  // null: closed
  const std::string server_;
  asio::posix::basic_stream_descriptor<Executor> answers_;
  std::map<Asked*, std::unique_ptr<Asked>> asked_;  // libunbound has their addresses
};

Result<std::shared_ptr<Unbound>> Unbound::open(Executor executor, const UnboundSettings& settings, std::size_t questions) {
  ContextHandle context(ub_ctx_create());
  if (!context) return Error::transient("libunbound: out of memory or descriptors");
  if (Status status = set_up(context.get(), settings, questions); !status) return status.error();
  auto core = std::make_shared<Core>(executor, std::move(context), name_of(settings));
  core->watch();
  return std::shared_ptr<Unbound>(new Unbound(std::move(core)));
}

Unbound::Unbound(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Unbound::~Unbound() { close(); }

void Unbound::ask(Question question, Ended ended) { core_->ask(std::move(question), std::move(ended)); }

void Unbound::close() { core_->close(); }

}  // namespace mxpress::dns
