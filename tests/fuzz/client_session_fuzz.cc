// Fuzzes a client session against a host that sends arbitrary octets: it ends, delivers nothing without a dot, and lets no control
// character through.
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "mta/content/data_source.h"
#include "mta/content/pipeline.h"
#include "mta/smtp/client.h"
#include "tests/fuzz/expect.h"

using namespace mxpress;
using namespace mxpress::mta::net;
using namespace mxpress::mta::smtp;

namespace {

// Sends the fuzzer's text in pieces, then closes; accepts everything.
class ReplayStream final : public Stream {
 public:
  ReplayStream(std::string_view said, std::string& heard) : said_(said), heard_(heard) {}
  void set_deadline(BootTime) override {}
  Task<Result<std::size_t>> read_some(char* buffer, std::size_t size) override {
    const std::size_t piece = said_.empty() ? 0 : static_cast<unsigned char>(said_.front()) % 64u + 1u;
    const std::size_t count = std::min({size, piece, said_.size()});
    said_.copy(buffer, count);
    said_.remove_prefix(count);
    co_return count;
  }
  Task<Status> write(std::string_view bytes) override {
    heard_.append(bytes);
    co_return Status();
  }
  Task<Status> start_tls_client(std::string, mta::net::TlsOffer) override {
    tls_.level = mta::net::TlsLevel::encrypted;
    co_return Status();
  }
  const TlsState& tls() const override { return tls_; }
  bool has_input() override { return false; }
  void close() override { said_ = {}; }

 private:
  std::string_view said_;
  std::string& heard_;
  TlsState tls_;
};

class ReplayConnector final : public Connector {
 public:
  ReplayConnector(std::string_view said, std::string& heard) : said_(said), heard_(heard) {}
  Task<Result<std::unique_ptr<Stream>>> connect(dns::Target, mta::net::TlsPolicy, std::optional<dns::Address>, BootTime) override {
    co_return std::unique_ptr<Stream>(std::make_unique<ReplayStream>(said_, heard_));
  }

 private:
  std::string_view said_;
  std::string& heard_;
};

class Greeting final : public mta::content::DataSource {
 public:
  std::uint64_t size() const override { return kText.size(); }
  Task<Result<std::size_t>> read(std::uint64_t offset, char* buffer, std::size_t size) override {
    co_return kText.copy(buffer, size, offset);
  }

 private:
  static constexpr std::string_view kText = "Subject: hi\r\n\r\n.hello\r\n";
};

proto::Envelope make_envelope() {
  proto::Envelope envelope;
  for (const char* name : {"a@there.example", "b@there.example", "c@there.example"}) {
    envelope.recipients.push_back({proto::Mailbox::parse(name).value(), {}, {}});
  }
  return envelope;
}

bool is_clean(const proto::HostResult& result) {
  return std::all_of(result.text.begin(), result.text.end(), [](char c) { return c >= ' ' && c <= '~'; }) && result.text.size() <= 1000;
}

void check(const TransactionResult& result, const std::string& heard) {
  const bool has_dot = heard.find("\r\n.\r\n") != std::string::npos;
  expect(result.recipients.size() == 3 && is_clean(result.last));
  for (const proto::RecipientResult& recipient : result.recipients) {
    const bool delivered = recipient.outcome == proto::Outcome::delivered;
    expect(is_clean(recipient.last));
    expect(has_dot || !(delivered || recipient.last.maybe_delivered));
    expect(!delivered || recipient.last.status.klass == 2);
  }
}

Task<void> converse(std::string_view said, bool& done) {
  static const proto::Envelope envelope = make_envelope();
  std::string heard;
  Greeting data;
  ReplayConnector connector(said, heard);
  ClientOptions options;
  options.hello_name = "client.example";
  ClientSession::Opened opened = co_await ClientSession::open(connector, dns::Target(), options);
  expect(is_clean(opened.failure));
  mta::content::Pipeline content(data, envelope);
  for (int i = 0; i < 3 && opened.session && opened.session->usable(); ++i) {
    heard.clear();
    Transaction transaction{&envelope, {0, 1, 2}, &content};
    const TransactionResult result = co_await opened.session->transact(std::move(transaction));
    check(result, heard);
  }
  if (opened.session) co_await opened.session->quit();
  done = true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  asio::io_context io;
  bool done = false;
  asio::co_spawn(io, converse(text_of(data, size), done), asio::detached);
  io.run();
  expect(done);
  return 0;
}
