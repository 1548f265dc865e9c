// Reads the header of a message, and asks the DNS about it.
#include "mta/cli/trace_command.h"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "dns/stub_resolver.h"
#include "mta/cli/trace_print.h"
#include "mta/config/config.h"
#include "mta/config/name_service.h"
#include "mta/config/named_file.h"
#include "mta/config/placed_config.h"
#include "mta/dkim/key_ring.h"
#include "mta/trace/dns_check.h"
#include "proto/header.h"
#include "proto/mail_data.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

constexpr std::chrono::seconds kDnsTime(60);  // for all questions

ExitCode failed(Streams streams, std::string_view why, ExitCode code) {
  streams.error << "mxpress: " << proto::printable(why, 1000) << "\n";
  return code;
}

// Reads a message in pieces: it may have any size.
class MessageReader {
 public:
  explicit MessageReader(std::istream& in) : in_(in) {}

  // The fields, with CRLF; empty: the text does not begin with the header of a message.
  std::string header() {
    bool is_found = false;
    while (!is_found && text_.size() <= proto::kMaxHeader && in_) {
      read_piece();
      is_found = scanner_.find_end(text_, proto::Extent::may_grow);
    }
    is_cut_ = !is_found && text_.size() > proto::kMaxHeader;
    if (!is_found && !is_cut_) {
      normaliser_.finish(text_);
      scanner_.find_end(text_, proto::Extent::is_whole);
    }
    return std::string(scanner_.header(text_));
  }
  // True if the header is longer than kMaxHeader: the rest of it was not read.
  bool is_cut() const { return is_cut_; }

  // After header(), if that was not cut.
  dkim::BodyDigests body() {
    text_.erase(0, scanner_.end() + (scanner_.has_empty_line(text_) ? 2 : 0));
    dkim::BodyHashes hashes;
    hashes.feed(text_);
    while (in_) {
      text_.clear();
      read_piece();
      hashes.feed(text_);
    }
    text_.clear();
    normaliser_.finish(text_);
    hashes.feed(text_);
    return hashes.finish();
  }

 private:
  // Appends a piece to text_, with CRLF as line ends.
  void read_piece() {
    constexpr std::size_t kPiece = 16384;
    piece_.resize(kPiece);
    in_.read(piece_.data(), kPiece);
    piece_.resize(static_cast<std::size_t>(in_.gcount()));
    if (!has_begun_) piece_.erase(0, std::min(piece_.find_first_not_of("\r\n"), piece_.size()));  // as copied from a program's window
    has_begun_ = has_begun_ || !piece_.empty();
    std::replace(piece_.begin(), piece_.end(), '\0', ' ');
    normaliser_.feed(piece_, text_);
  }

  std::istream& in_;
  std::string piece_, text_;
  proto::LineEndNormaliser normaliser_;
  proto::HeaderScanner scanner_{proto::MboxLines::are_dropped};
  bool has_begun_ = false, is_cut_ = false;
};

// "here.example,192.0.2.0/24": domains and networks.
trace::OwnHosts own_hosts(std::string_view list) {
  trace::OwnHosts own;
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    const std::string word(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (word.empty()) continue;
    if (const auto network = dns::Network::parse(word))
      own.networks.push_back(*network);
    else
      own.names.push_back(word);
  }
  return own;
}

struct Signed {
  std::vector<dkim::ReceivedSignature> signatures;
  dkim::BodyDigests body;
};

Task<void> ask(TraceFindings& findings, Signed message, WallTime now, dns::Resolver& resolver) {
  trace::Chain chain = findings.chain;
  findings.chain = co_await trace::check_names(std::move(chain), resolver);
  findings.spf = co_await trace::check_spf(findings.chain, now, resolver);
  findings.dkim = co_await trace::check_dkim(std::move(message.signatures), message.body, resolver);
}

// False: it did not end in time, and some findings are missing.
bool ask_dns(TraceFindings& findings, Signed message, WallTime now, const Config& config) {
  asio::io_context io;
  dns::StubResolver resolver(io.get_executor(), config::stub_config(config), std::random_device()());
  asio::cancellation_signal end;
  bool is_late = false;
  Timer deadline(io, kDnsTime);
  deadline.async_wait([&](boost::system::error_code error) {
    if (error) return;
    is_late = true;
    end.emit(asio::cancellation_type::terminal);
  });
  std::exception_ptr bug;
  const auto ended = [&](std::exception_ptr error) {
    bug = error;
    io.stop();
  };
  asio::co_spawn(io, ask(findings, std::move(message), now, resolver), asio::bind_cancellation_slot(end.slot(), ended));
  io.run();
  if (bug && !is_late) std::rethrow_exception(bug);
  return !is_late;
}

ExitCode trace_of(std::istream& in, const CommandLine& line, Streams streams) {
  MessageReader reader(in);
  const std::string header = reader.header();
  if (header.empty()) return failed(streams, "the text does not begin with the header of a message", ExitCode::nothing_matched);
  if (reader.is_cut()) streams.error << "mxpress: the header has over 1 MiB: the rest of it was not read\n";
  const WallTime now = Clock::current().wall();
  TraceFindings findings{trace::read_chain(header, own_hosts(line.own), now)};
  if (findings.chain.hops.empty())
    return failed(streams, "the header has no Received field: no host has handed the message on", ExitCode::nothing_matched);
  if (line.dns) {
    const auto placed = config::load_placed_config(config::named_file(line.config));
    if (!placed) return failed(streams, placed.error().message, ExitCode::failed);
    if (const auto author = dkim::author_domain(header)) findings.author_domain = author->text();
    Signed message;
    if (!reader.is_cut()) message.signatures = dkim::signatures_in(header, now);
    if (!message.signatures.empty()) message.body = reader.body();
    if (!ask_dns(findings, std::move(message), now, placed->config))
      streams.error << "mxpress: the name servers did not answer all questions within " << kDnsTime.count()
                    << " s: what needs the rest is left out\n";
  }
  (line.json ? print_trace_as_json : print_trace)(streams.out, findings);
  const bool is_refused = findings.spf && findings.spf->verdict.result == spf::CheckResult::fail;
  return findings.chain.doubts() == 0 && !is_refused ? ExitCode::ok : ExitCode::nothing_matched;
}

}  // namespace

ExitCode run_trace(const CommandLine& line, Streams streams) {
  const std::string& name = line.arguments.front();
  if (name == "-") return trace_of(std::cin, line, streams);
  std::ifstream file(name, std::ios::binary);
  if (!file || file.peek() == std::ifstream::traits_type::eof())
    return failed(streams, name + (file.is_open() ? " is empty or cannot be read" : std::string(": ") + std::strerror(errno)),
                  ExitCode::failed);
  return trace_of(file, line, streams);
}

}  // namespace mxpress::mta::cli
