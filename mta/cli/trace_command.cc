// Reads the header of a message, and asks the DNS about it.
#include "mta/cli/trace_command.h"

#include <algorithm>
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
#include "mta/trace/dns_check.h"
#include "proto/header.h"
#include "proto/mail_data.h"
#include "proto/printable.h"

namespace mxpress::mta::cli {
namespace {

ExitCode failed(Streams streams, std::string_view why, ExitCode code) {
  streams.error << "mxpress: " << proto::printable(why, 1000) << "\n";
  return code;
}

struct Header {
  std::string text;     // fields, with CRLF
  bool is_cut = false;  // longer than kMaxHeader
};

// Reads as far as the end of the header, in pieces: a message may have any size.
Header read_header(std::istream& in) {
  constexpr std::size_t kPiece = 16384;
  Header header;
  std::string piece(kPiece, '\0');
  proto::LineEndNormaliser normaliser;
  proto::HeaderScanner scanner(proto::MboxLines::are_dropped);
  bool has_begun = false, is_found = false;
  while (!is_found && !header.is_cut && in) {
    in.read(piece.data(), kPiece);
    std::string_view octets(piece.data(), static_cast<std::size_t>(in.gcount()));
    if (!has_begun) octets.remove_prefix(std::min(octets.find_first_not_of("\r\n"), octets.size()));  // as copied from a program's window
    has_begun = has_begun || !octets.empty();
    std::string clean(octets);
    std::replace(clean.begin(), clean.end(), '\0', ' ');
    normaliser.feed(clean, header.text);
    header.is_cut = header.text.size() > proto::kMaxHeader;
    is_found = scanner.find_end(header.text, proto::Extent::may_grow);
  }
  if (!is_found && !header.is_cut) {
    normaliser.finish(header.text);
    scanner.find_end(header.text, proto::Extent::is_whole);
  }
  header.text = std::string(scanner.header(header.text));
  return header;
}

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

struct DnsFindings {
  trace::Chain chain;
  std::optional<trace::SpfFinding> spf;
};

Task<DnsFindings> ask(trace::Chain chain, WallTime now, dns::Resolver& resolver) {
  DnsFindings findings;
  findings.chain = co_await trace::check_names(std::move(chain), resolver);
  findings.spf = co_await trace::check_spf(findings.chain, now, resolver);
  co_return findings;
}

DnsFindings ask_dns(trace::Chain chain, WallTime now, const Config& config) {
  asio::io_context io;
  dns::StubResolver resolver(io.get_executor(), config::stub_config(config), std::random_device()());
  DnsFindings findings;
  std::exception_ptr bug;
  asio::co_spawn(io, ask(std::move(chain), now, resolver), [&](std::exception_ptr error, DnsFindings found) {
    bug = error;
    findings = std::move(found);
    io.stop();
  });
  io.run();
  if (bug) std::rethrow_exception(bug);
  return findings;
}

ExitCode trace_of(std::istream& in, const CommandLine& line, Streams streams) {
  const Header header = read_header(in);
  if (header.text.empty()) return failed(streams, "the text does not begin with the header of a message", ExitCode::nothing_matched);
  if (header.is_cut) streams.error << "mxpress: the header has over 1 MiB: the rest of it was not read\n";
  const WallTime now = Clock::current().wall();
  DnsFindings findings{trace::read_chain(header.text, own_hosts(line.own), now), {}};
  if (findings.chain.hops.empty())
    return failed(streams, "the header has no Received field: no host has handed the message on", ExitCode::nothing_matched);
  if (line.dns) {
    const auto placed = config::load_placed_config(config::named_file(line.config));
    if (!placed) return failed(streams, placed.error().message, ExitCode::failed);
    findings = ask_dns(std::move(findings.chain), now, placed->config);
  }
  (line.json ? print_trace_as_json : print_trace)(streams.out, findings.chain, findings.spf);
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
