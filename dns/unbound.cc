// Answers validated by libunbound: see unbound.h.
#include "dns/unbound.h"

#include <unbound.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "dns/packet.h"
#include "dns/reading.h"
#include "dns/transport.h"

namespace mxpress::dns {
namespace {

constexpr std::size_t kMostReason = 300;
// At a time; docs/budgets.md. libunbound takes no more than num-queries-per-thread.
constexpr std::size_t kMostQuestions = 448, kMostBeforePrefetch = 256;

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
    {"do-not-query-localhost:", "no"}, {"msg-cache-size:", "1m"},   {"msg-cache-slabs:", "1"},          {"rrset-cache-size:", "2m"},
    {"rrset-cache-slabs:", "1"},       {"key-cache-size:", "1m"},   {"key-cache-slabs:", "1"},          {"neg-cache-size:", "256k"},
    {"infra-cache-numhosts:", "1000"}, {"infra-cache-slabs:", "1"}, {"num-queries-per-thread:", "512"}, {"outgoing-range:", "512"},
    {"trust-anchor-signaling:", "no"}, {"val-log-level:", "2"},     {"val-log-squelch:", "yes"},        {"val-max-restart:", "1"},
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

Status set_up(ub_ctx* context, const UnboundSettings& settings) {
  ub_ctx_debugout(context, nullptr);  // else it writes to standard error
  if (Status status = check(ub_ctx_async(context, 1), "threads"); !status) return status;
  if (Status status = set_options(context, kOptions); !status) return status;
  if (!settings.forwarders.empty())
    if (Status status = set_options(context, kForwardingOptions); !status) return status;
  for (const ServerConfig& server : settings.forwarders)
    if (Status status = check(ub_ctx_set_fwd(context, forwarder_text(server).c_str()), server.to_string()); !status) return status;
  const bool has_hints = !settings.root_hints.empty() && ::access(settings.root_hints.c_str(), R_OK) == 0;
  if (has_hints && settings.forwarders.empty())
    if (Status status = check(ub_ctx_set_option(context, "root-hints:", settings.root_hints.c_str()), "root-hints"); !status) return status;
  return set_anchors(context, settings.anchors);
}

std::string name_of(const UnboundSettings& settings) {
  std::string name;
  for (const ServerConfig& server : settings.forwarders) name.append(name.empty() ? "" : ", ").append(server.to_string());
  return name.empty() ? "the zone's own servers" : name;
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

// Shared by the owner and the coroutines that wait.
class Unbound::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(Executor executor, ContextHandle context, std::string server)
      : executor_(executor), context_(std::move(context)), server_(std::move(server)), answers_(executor, ub_fd(context_.get())) {}

  void close() {
    if (!context_) return;
    answers_.release();  // the descriptor is libunbound's
    context_.reset();
    for (const auto& [key, waiting] : waiting_) waiting->answered.cancel();
    waiting_.clear();
    for (const auto& turn : line_) turn->cancel();
    line_.clear();
  }

  // Processes answers whenever there are any.
  void watch() {
    answers_.async_wait(asio::posix::stream_descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error || !self->context_) return;
      ub_process(self->context_.get());
      self->watch();
    });
  }

  static Task<ValidatedAnswer> ask(std::shared_ptr<Core> core, Question question, BootTime deadline) {
    const BootTime asked = BootClock::now();
    if (core->waiting_.size() >= kMostQuestions) co_await core->wait_for_turn(deadline);
    if (!core->context_) co_return failed(kGivenUp);
    if (BootClock::now() >= deadline) co_return failed("too many questions at a time for " + core->server_);
    const auto waiting = std::make_shared<Waiting>(*core, std::move(question), deadline);
    core->waiting_[waiting.get()] = waiting;
    int id = 0;
    if (const int code = core->start(waiting->question, waiting.get(), id); code != UB_NOERROR) {
      core->end(waiting.get());
      co_return failed(std::string("libunbound: ") + ub_strerror(code));
    }
    co_await waiting->answered.async_wait(asio::as_tuple(use_task));
    if (waiting->result) co_return std::move(*waiting->result);
    if (!core->context_) co_return failed(kGivenUp);
    ub_cancel(core->context_.get(), id);
    core->end(waiting.get());
    co_return failed(silence(BootClock::now() - asked) + " from " + core->server_);
  }

  // The answer is only kept by libunbound. No coroutine waits, but the question counts.
  void prefetch(Question question) {
    if (!context_ || waiting_.size() >= kMostBeforePrefetch) return;
    const auto waiting = std::make_shared<Waiting>(*this, std::move(question), BootTime::max());
    waiting_[waiting.get()] = waiting;
    int id = 0;
    if (start(waiting->question, waiting.get(), id) != UB_NOERROR) end(waiting.get());
  }

 private:
  static constexpr const char* kGivenUp = "the question to the DNS was given up";

  struct Waiting {
    Waiting(Core& owner, Question asked, BootTime deadline)
        : core(owner), question(std::move(asked)), answered(owner.executor_, deadline) {}
    Core& core;
    const Question question;
    Timer answered;  // cancelled when the result is there
    std::optional<ValidatedAnswer> result;
  };

  int start(const Question& question, Waiting* waiting, int& id) {
    const std::string name = question.name + ".";
    return ub_resolve_async(context_.get(), name.c_str(), static_cast<int>(question.type), 1, waiting, on_answer, &id);
  }

  // Called by ub_process(). libunbound calls nobody about a question that was cancelled.
  static void on_answer(void* data, int error, ub_result* raw) {
    const ResultHandle result(raw);
    auto* waiting = static_cast<Waiting*>(data);
    Core& core = waiting->core;
    if (error != 0 || !result)
      waiting->result = failed(std::string("libunbound: ") + ub_strerror(error));
    else
      waiting->result = read_result(waiting->question, *result, core.server_);
    waiting->answered.cancel();
    core.end(waiting);
  }

  Task<void> wait_for_turn(BootTime deadline) {
    const auto turn = std::make_shared<Timer>(executor_, deadline);
    line_.push_back(turn);
    co_await turn->async_wait(asio::as_tuple(use_task));
  }

  // The next one in the line that has not given up gets the place.
  void end(Waiting* waiting) {
    waiting_.erase(waiting);
    while (!line_.empty()) {
      const std::shared_ptr<Timer> turn = std::move(line_.front());
      line_.pop_front();
      if (turn->cancel() > 0) return;
    }
  }

  Executor executor_;
  ContextHandle context_;  // null: closed
  std::string server_;     // for people
  asio::posix::basic_stream_descriptor<Executor> answers_;
  std::map<Waiting*, std::shared_ptr<Waiting>> waiting_;  // libunbound has their addresses
  std::deque<std::shared_ptr<Timer>> line_;               // questions that wait for a place
};

Result<std::shared_ptr<Unbound>> Unbound::open(Executor executor, UnboundSettings settings) {
  ContextHandle context(ub_ctx_create());
  if (!context) return Error::transient("libunbound: out of memory or descriptors");
  if (Status status = set_up(context.get(), settings); !status) return status.error();
  auto core = std::make_shared<Core>(executor, std::move(context), name_of(settings));
  core->watch();
  return std::shared_ptr<Unbound>(new Unbound(std::move(core)));
}

Unbound::Unbound(std::shared_ptr<Core> core) : core_(std::move(core)) {}

Unbound::~Unbound() { close(); }

Task<ValidatedAnswer> Unbound::ask(Question question, BootTime deadline) { return Core::ask(core_, std::move(question), deadline); }

void Unbound::prefetch(Question question) { core_->prefetch(std::move(question)); }

void Unbound::close() { core_->close(); }

}  // namespace mxpress::dns
