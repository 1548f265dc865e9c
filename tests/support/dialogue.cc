// Plays dialogues: a scripted server at one end of a memory stream, our client at the other.
#include "tests/support/dialogue.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <sstream>
#include <stdexcept>

#include "mta/auth/login.h"
#include "mta/config/route_config.h"
#include "mta/content/data_source.h"
#include "mta/content/pipeline.h"
#include "mta/content/signer.h"
#include "mta/smtp/client.h"
#include "proto/mail_data.h"
#include "tests/support/dialogue_script.h"
#include "tests/support/memory_stream.h"
#include "tests/support/virtual_time.h"

namespace mxpress::testing {
namespace {

using namespace std::chrono_literals;
using mta::net::Stream;
using mta::smtp::ClientSession;
using mta::smtp::TransactionResult;

constexpr std::size_t kFlood = 4 << 20;
constexpr std::size_t kMaxComplaint = 500;
constexpr auto kPatience = 24h;  // of the server; each client gives up earlier

// Independent of the encoder that it checks: by definition, line by line. RFC 5321 4.5.2
std::string on_the_wire(const std::string& content) {
  std::string wire;
  std::istringstream lines(content);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with('.')) wire += '.';
    if (line.ends_with('\r')) line.pop_back();
    wire += line + "\r\n";
  }
  return wire + ".\r\n";
}

class ScriptedServer {
 public:
  ScriptedServer(const DialogueScript& script, const std::string& content, std::vector<std::string>& complaints)
      : script_(script), content_(content), complaints_(complaints) {}

  Task<void> run(std::unique_ptr<Stream> stream);
  bool is_done() const { return done_; }

 private:
  Task<bool> play(const Step& step);
  Task<bool> say(const Step& step);
  Task<void> drip(const Step& step);
  Task<void> flood(const Step& step);
  Task<bool> expect_text(const Step& step, std::string expected);
  Task<bool> expect_octets(const Step& step);
  Task<bool> expect_close(const Step& step);
  Task<void> farewell();
  Task<bool> read_more();
  Task<void> pass(BootClock::duration virtual_time);
  bool complain(const Step& step, const std::string& what);

  const DialogueScript& script_;
  std::string content_;
  std::vector<std::string>& complaints_;
  std::unique_ptr<Stream> stream_;
  std::string input_;
  std::string seen_;  // all octets of the client since the last expected line
  bool done_ = false;
};

Task<void> ScriptedServer::run(std::unique_ptr<Stream> stream) {
  stream_ = std::move(stream);
  stream_->set_deadline(BootClock::now() + kPatience);
  bool going = true;
  for (const Step& step : script_.steps) {
    going = co_await play(step);
    if (!going) break;
  }
  if (going) co_await farewell();
  stream_->close();
  done_ = true;
}

Task<bool> ScriptedServer::play(const Step& step) {
  switch (step.kind) {
    case StepKind::say:
      co_return co_await say(step);
    case StepKind::raw:
      (void)co_await stream_->write(step.text);
      co_return true;
    case StepKind::drip:
      co_await drip(step);
      co_return true;
    case StepKind::flood:
      co_await flood(step);
      co_return true;
    case StepKind::close:
      stream_->close();
      co_return true;
    case StepKind::wait:
      co_await pass(step.time);
      co_return true;
    case StepKind::expect_line:
      co_return co_await expect_text(step, step.text + "\r\n");
    case StepKind::expect_content:
      co_return co_await expect_text(step, on_the_wire(content_));
    case StepKind::expect_octets:
      co_return co_await expect_octets(step);
    case StepKind::hang:
    case StepKind::expect_close:
    case StepKind::expect_no_dot:
      break;
  }
  co_return co_await expect_close(step);
}

// Octets that the client has sent too early would arrive after a moment.
Task<bool> ScriptedServer::say(const Step& step) {
  co_await pass(1ms);
  if (!input_.empty() || stream_->has_input()) {
    if (input_.empty()) (void)co_await read_more();
    co_return complain(step, "the client did not wait; it has sent: " + input_);
  }
  (void)co_await stream_->write(step.text + "\r\n");
  co_return true;
}

Task<void> ScriptedServer::drip(const Step& step) {
  for (const char octet : step.text + "\r\n") {
    co_await pass(step.time);
    const Status sent = co_await stream_->write(std::string_view(&octet, 1));
    if (!sent.ok()) break;
  }
}

Task<void> ScriptedServer::flood(const Step& step) {
  for (std::size_t sent = 0; sent < kFlood; sent += step.text.size()) {
    const Status status = co_await stream_->write(step.text);
    if (!status.ok()) break;
  }
}

Task<bool> ScriptedServer::expect_text(const Step& step, std::string expected) {
  while (input_.size() < expected.size() && expected.starts_with(input_)) {
    if (!co_await read_more())
      co_return complain(step, "the client closed after: " + input_.substr(input_.size() - std::min<std::size_t>(input_.size(), 100)) +
                                   " of: " + expected);
  }
  if (!input_.starts_with(expected))
    co_return complain(step, "expected: " + expected.substr(0, kMaxComplaint / 2) + "but the client sent: " + input_);
  input_.erase(0, expected.size());
  seen_.clear();
  co_return true;
}

Task<bool> ScriptedServer::expect_octets(const Step& step) {
  while (input_.size() < step.octets) {
    if (!co_await read_more()) co_return complain(step, "the client closed too early");
  }
  input_.clear();
  co_return true;
}

// Also for `hang`: further octets of the client are ignored.
Task<bool> ScriptedServer::expect_close(const Step& step) {
  while (co_await read_more()) continue;
  if (step.kind == StepKind::expect_close && !input_.empty()) co_return complain(step, "the client sent before it closed: " + input_);
  const bool has_dot = ("\r\n" + seen_).find("\r\n.\r\n") != std::string::npos;
  if (step.kind == StepKind::expect_no_dot && has_dot) co_return complain(step, "the client sent the dot");
  input_.clear();
  co_return true;
}

Task<void> ScriptedServer::farewell() {
  while (input_ != "QUIT\r\n") {
    if (!co_await read_more()) break;
  }
  if (input_ == "QUIT\r\n") (void)co_await stream_->write("221 bye\r\n");
  if (!input_.empty() && input_ != "QUIT\r\n")
    complaints_.push_back("after the last line the client sent: " + input_.substr(0, kMaxComplaint));
}

Task<bool> ScriptedServer::read_more() {
  std::array<char, 4096> buffer;
  const auto count = co_await stream_->read_some(buffer.data(), buffer.size());
  if (!count.ok() || *count == 0) co_return false;
  input_.append(buffer.data(), *count);
  seen_.append(buffer.data(), *count);
  co_return true;
}

// Virtual time passes only when nothing else can happen any more.
Task<void> ScriptedServer::pass(BootClock::duration virtual_time) {
  Timer timer(co_await asio::this_coro::executor, virtual_time);
  co_await timer.async_wait(use_task);
}

bool ScriptedServer::complain(const Step& step, const std::string& what) {
  complaints_.push_back("line " + std::to_string(step.line) + ": " + what.substr(0, kMaxComplaint));
  return false;
}

class TextSource final : public mta::content::DataSource {
 public:
  std::string text;
  std::size_t fails_at = std::string::npos;

  std::uint64_t size() const override { return text.size(); }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override {
    if (offset + size > fails_at) co_return Error::transient("the disk is on fire");
    co_return text.copy(buffer, size, offset);
  }
};

// Reads the content, and signs it with the seconds of virtual time that have passed.
class TimeSigner final : public mta::content::Signer {
 public:
  explicit TimeSigner(std::size_t most) : most_(most) {}
  Task<std::unique_ptr<mta::content::Signing>> begin(std::string_view, const proto::Envelope&) override {
    co_return std::make_unique<Signing>(start_);
  }
  std::size_t most_octets() const override { return most_; }
  void start() { start_ = BootClock::now(); }

 private:
  struct Signing final : mta::content::Signing {
    explicit Signing(BootTime since) : start(since) {}
    Task<Result<mta::content::Signature>> sign(mta::content::DataSource& content, std::uint64_t, mta::fairness::FileTurns*) override {
      std::string all(content.size(), '\0');
      const Result<std::size_t> count = co_await content.read(0, all.data(), all.size());
      if (!count.ok()) co_return count.error();
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(BootClock::now() - start).count();
      co_return mta::content::Signature{"Signed: " + std::to_string(seconds) + "\r\n", "there.example"};
    }
    const BootTime start;
  };

  const std::size_t most_;
  BootTime start_;
};

// The settings of a dialogue file.
struct Setup {
  proto::Envelope envelope;
  TextSource source;
  std::string wire_content;  // expected by `C content`; empty: the content of the source
  mta::smtp::ClientOptions options;
  MemoryOptions memory;
  int transactions = 1;
  mta::smtp::Extent extent = mta::smtp::Extent::whole;
  bool withholds = false;
  bool again = false;
  bool is_continuation = false;  // of the second and later transactions
  std::unique_ptr<TimeSigner> signer;
};

proto::Notify parse_notify(const std::string& words) {
  proto::Notify notify;
  notify.given = true;
  notify.success = words.find("SUCCESS") != std::string::npos;
  notify.failure = words.find("FAILURE") != std::string::npos;
  notify.delay = words.find("DELAY") != std::string::npos;
  return notify;
}

proto::Recipient parse_recipient(const std::string& text) {
  std::istringstream words(text);
  std::string word;
  words >> word;
  proto::Recipient recipient{proto::Mailbox::parse(word).value(), {}, {}};
  while (words >> word) {
    if (word.starts_with("NOTIFY=")) recipient.notify = parse_notify(word);
    if (word.starts_with("ORCPT=")) recipient.original_recipient = word.substr(6);
  }
  return recipient;
}

std::string content_of_size(std::size_t size) {
  std::string content;
  while (content.size() + 82 <= size) content += std::string(78, 'x') + "\r\n";
  return content + std::string(size - content.size() - 2, 'y') + "\r\n";
}

MemoryTls parse_handshake(const std::string& word) {
  if (word == "fails") return MemoryTls::fails;
  if (word == "verifies") return MemoryTls::verifies;
  return word == "hangs" ? MemoryTls::hangs : MemoryTls::succeeds;
}

// "USER PASSWORD [cleartext] [token] [MECHANISM...]"
std::shared_ptr<const mta::auth::Login> parse_login(const std::string& text) {
  auto login = std::make_shared<mta::auth::Login>();
  std::string password;
  std::istringstream words(text);
  words >> login->user >> password;
  login->name = "provider";
  login->password = mta::auth::Secret(password);
  for (std::string word; words >> word;) {
    login->allow_cleartext = login->allow_cleartext || word == "cleartext";
    if (word == "token") login->kind = mta::SecretKind::token;
    if (word != "cleartext" && word != "token") login->mechanisms.push_back(word);
  }
  return login;
}

void apply_tls(const std::string& word, mta::smtp::ClientOptions& options) {
  options.tls = word == "never" ? mta::net::TlsPolicy::none() : mta::net::TlsPolicy::encrypt("test");
  options.implicit_tls = word == "implicit";
}

void apply(const Setting& setting, Setup& setup) {
  const auto& [key, value] = setting;
  if (key == "from") {
    setup.envelope.reverse_path = value == "<>" ? proto::ReversePath() : proto::ReversePath(proto::Mailbox::parse(value).value());
  } else if (key == "to") {
    setup.envelope.recipients.push_back(parse_recipient(value));
  } else if (key == "content") {
    setup.source.text = resolve_escapes(value);
  } else if (key == "wire-content") {
    setup.wire_content = resolve_escapes(value);
  } else if (key == "content-size") {
    setup.source.text = content_of_size(std::stoul(value));
  } else if (key == "body") {
    setup.envelope.body = proto::BodyType::eight_bit;
  } else if (key == "ret") {
    setup.envelope.ret = value == "full" ? proto::Return::full : proto::Return::headers;
  } else if (key == "envid") {
    setup.envelope.envid = value;
  } else if (key == "dialect") {
    setup.options.dialect = value == "lmtp" ? mta::smtp::Dialect::lmtp : mta::smtp::Dialect::smtp;
  } else if (key == "tls") {
    apply_tls(value, setup.options);
  } else if (key == "by-route") {
    setup.options.is_by_route = value == "yes";
  } else if (key == "login") {
    setup.options.login = parse_login(value);
  } else if (key == "handshake") {
    setup.memory.tls = parse_handshake(value);
  } else if (key == "max-recipients") {
    setup.options.max_recipients = std::stoul(value);
  } else if (key == "source-fails-at") {
    setup.source.fails_at = std::stoul(value);
  } else if (key == "extent") {
    setup.extent = value == "envelope" ? mta::smtp::Extent::envelope : mta::smtp::Extent::whole;
  } else if (key == "withholds") {
    setup.withholds = value == "yes";
  } else if (key == "capacity") {
    setup.memory.capacity = std::stoul(value);
  } else if (key == "signs") {
    setup.signer = std::make_unique<TimeSigner>(std::stoul(value));
  } else if (key == "transactions") {
    setup.again = value.ends_with("again");
    setup.is_continuation = !setup.again;
    setup.transactions = std::stoi(value);
  } else {
    throw std::invalid_argument("no such setting: " + key);
  }
}

Setup make_setup(const DialogueScript& script) {
  Setup setup;
  setup.options.hello_name = "client.example";
  setup.envelope.reverse_path = proto::ReversePath(proto::Mailbox::parse("sender@here.example").value());
  setup.source.text = "Subject: hi\r\n\r\nhello\r\n";
  for (const Setting& setting : script.settings) apply(setting, setup);
  if (setup.envelope.recipients.empty()) setup.envelope.recipients.push_back(parse_recipient("user@there.example"));
  setup.envelope.has_long_lines = proto::inspect(setup.source.text).needs_reencoding();
  return setup;
}

// The results, in the words of the files.
struct Findings {
  ClientSession::Opened opened;
  bool is_open = false;
  std::vector<proto::RecipientResult> recipients;
  TransactionResult last;
  bool usable = false;
  bool reset = true;
  BootClock::duration lasted{};
  bool finished = false;
};

std::vector<std::uint32_t> to_send(const Setup& setup, const Findings& findings) {
  std::vector<std::uint32_t> indices;
  for (std::uint32_t i = 0; i < findings.recipients.size(); ++i) {
    if (setup.again || findings.recipients[i].outcome == proto::Outcome::untried) indices.push_back(i);
  }
  return indices;
}

Task<void> run_client(Setup& setup, MemoryConnector& connector, dns::Target target, Findings& findings) {
  const BootTime start = BootClock::now();
  findings.recipients.resize(setup.envelope.recipients.size());
  findings.opened = co_await ClientSession::open(connector, target, setup.options);
  findings.is_open = findings.opened.session != nullptr;
  if (setup.signer) setup.signer->start();
  mta::content::Pipeline content(setup.source, setup.envelope, setup.signer.get());
  for (int i = 0; i < setup.transactions && findings.opened.session; ++i) {
    mta::smtp::Transaction transaction{&setup.envelope, to_send(setup, findings), &content, setup.is_continuation && i > 0};
    transaction.extent = setup.extent;
    if (setup.withholds) transaction.may_send_content = [] { return false; };
    const std::vector<std::uint32_t> sent = transaction.recipients;
    findings.last = co_await findings.opened.session->transact(std::move(transaction));
    if (setup.extent == mta::smtp::Extent::envelope) findings.reset = co_await findings.opened.session->reset();
    for (std::size_t k = 0; k < sent.size(); ++k) findings.recipients[sent[k]] = findings.last.recipients[k];
  }
  findings.lasted = BootClock::now() - start;
  findings.usable = findings.opened.session && findings.opened.session->usable();
  if (findings.usable) co_await findings.opened.session->quit();
  findings.opened.session.reset();
  findings.finished = true;
}

std::string describe(const proto::HostResult& result) {
  return std::string(proto::to_string(result.stage)) + " " + result.status.to_string() + (result.maybe_delivered ? " maybe" : "");
}

std::string found_for(const std::string& key, const Findings& findings) {
  if (key == "open") {
    if (findings.is_open) return "ok";
    return describe(findings.opened.failure) + (findings.opened.handshake != mta::net::HandshakeFailure::none ? " tls-failed" : "");
  }
  if (key == "host") return findings.last.host_failure ? "failure" : "fine";
  if (key == "reset") return findings.reset ? "yes" : "no";
  if (key == "usable") return findings.usable ? "yes" : "no";
  if (key == "lasts") return std::to_string(std::chrono::floor<std::chrono::seconds>(findings.lasted).count()) + "s";
  if (key == "text") return findings.is_open ? findings.last.last.text : findings.opened.failure.text;
  if (key == "tls-required") return findings.last.tls_required ? "yes" : "no";
  if (key == "dsn") return findings.last.dsn_passed_on ? "passed" : "kept";
  const proto::RecipientResult& result = findings.recipients.at(std::stoul(key) - 1);
  const std::string outcome(proto::to_string(result.outcome));
  return result.last.stage == proto::Stage::none ? outcome : outcome + " " + describe(result.last);
}

void compare(const Setting& expected, const Findings& findings, std::vector<std::string>& complaints) {
  const std::string found = found_for(expected.key, findings);
  const bool fits = expected.key == "text" ? found.find(expected.value) != std::string::npos : found == expected.value;
  if (!fits) complaints.push_back("expected " + expected.key + ": " + expected.value + ", found: " + found);
}

void compare_all(const DialogueScript& script, const Findings& findings, std::vector<std::string>& complaints) {
  std::vector<Setting> expected{{"open", "ok"}, {"host", "fine"}};
  for (const Setting& setting : script.expectations) {
    std::erase_if(expected, [&](const Setting& other) { return other.key == setting.key; });
    expected.push_back(setting);
  }
  for (const Setting& setting : expected) compare(setting, findings, complaints);
}

}  // namespace

std::vector<std::string> play_dialogue(std::string_view text) {
  std::vector<std::string> complaints;
  const DialogueScript script = parse_dialogue(text);
  Setup setup = make_setup(script);
  Findings findings;
  VirtualTime time;
  asio::io_context io;
  MemoryConnector connector(io.get_executor());
  ScriptedServer server(script, setup.wire_content.empty() ? setup.source.text : setup.wire_content, complaints);
  const dns::Target target{"mx.there.example", dns::Address{false, {192, 0, 2, 1}}, 25, false};
  connector.serve(
      target.address_text(), [&](std::unique_ptr<Stream> stream, dns::Target) { return server.run(std::move(stream)); }, setup.memory);
  asio::co_spawn(io, run_client(setup, connector, target, findings), asio::detached);
  const bool done = time.run_until(io, [&] { return findings.finished && server.is_done(); }, kPatience * 2);
  if (!done) complaints.push_back(findings.finished ? "the server's part did not end" : "the client did not end");
  if (findings.finished) compare_all(script, findings, complaints);
  return complaints;
}

}  // namespace mxpress::testing
