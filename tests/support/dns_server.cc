// The DNS server for tests and the practice internet: see dns_server.h.
#include "tests/support/dns_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <sstream>
#include <stdexcept>

#include "tests/support/dns_wire.h"

namespace mxpress::testing {
namespace {

using boost::system::error_code;
using dns::RecordType;
using UdpSocket = asio::basic_datagram_socket<asio::ip::udp, Executor>;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

constexpr asio::as_tuple_t<asio::use_awaitable_t<Executor>> kTuple{use_task};
constexpr int kMaxAliases = 20;

bool is_in_zone(const std::string& name, const std::string& apex) {
  return apex.empty() || name == apex || (name.size() > apex.size() && name.ends_with("." + apex));
}

WireRecord forged_record(const std::string& name) { return {name, RecordType::a, 300, std::string("\xC0\x00\x02\x42", 4)}; }

}  // namespace

struct DnsServer::State {
  State(Executor executor, asio::ip::address address, std::uint16_t port)
      : udp(executor, asio::ip::udp::endpoint(address, port)),
        tcp(executor, asio::ip::tcp::endpoint(address, udp.local_endpoint().port())) {}

  UdpSocket udp;
  TcpAcceptor tcp;
  std::map<std::string, std::vector<WireRecord>> names;
  std::map<std::string, WireRecord> zones;  // apex to SOA
  DnsFault general = DnsFault::none;
  std::map<std::string, DnsFault> faults;
  bool recursive = true;
  bool authenticated = false;
  Duration delay = std::chrono::seconds(1);
  std::vector<Seen> seen;

  DnsFault fault_for(const std::string& name) const {
    const auto found = faults.find(name);
    return found == faults.end() ? general : found->second;
  }

  const WireRecord* soa_of(const std::string& name) const {
    const WireRecord* best = nullptr;
    for (const auto& [apex, soa] : zones) {
      if (is_in_zone(name, apex) && (!best || apex.size() >= best->name.size())) best = &soa;
    }
    return best;
  }

  // An empty non-terminal exists, too (RFC 8020).
  bool exists(const std::string& name) const {
    return zones.count(name) > 0 ||
           std::any_of(names.begin(), names.end(), [&](const auto& entry) { return is_in_zone(entry.first, name); });
  }

  WireReply look_up(const dns::Question& question) const {
    WireReply reply;
    reply.recursion_available = recursive;
    reply.authenticated_data = authenticated;
    reply.authoritative = !recursive;
    std::string name = question.name;
    for (int i = 0; i < kMaxAliases; ++i) {
      const WireRecord* soa = soa_of(name);
      if (!soa) {
        if (reply.answers.empty()) reply.code = 5;
        return reply;
      }
      const std::string next = add_records(name, question.type, *soa, reply);
      if (next.empty()) return reply;
      name = next;
    }
    return reply;
  }

  // The target of an alias, or nothing when the reply is complete.
  std::string add_records(const std::string& name, RecordType type, const WireRecord& soa, WireReply& reply) const {
    const auto found = names.find(name);
    const std::size_t before = reply.answers.size();
    if (type == RecordType::soa && soa.name == name) reply.answers.push_back(soa);
    const std::vector<WireRecord> none;
    for (const WireRecord& record : found == names.end() ? none : found->second) {
      if (record.type == type) reply.answers.push_back(record);
      if (record.type == RecordType::cname && type != RecordType::cname) {
        reply.answers.push_back(record);
        return read_name(record.data);
      }
    }
    if (reply.answers.size() > before) return {};
    reply.authority.push_back(soa);
    if (!exists(name)) reply.code = 3;
    return {};
  }

  // The datagrams or messages to send, in order.
  std::vector<std::string> replies(const WireQuery& query, bool over_tcp) const {
    const DnsFault fault = fault_for(query.question.name);
    WireReply reply = look_up(query.question);
    WireQuery about = query;
    std::vector<std::string> packets;
    if (fault == DnsFault::drop) return {};
    if (fault == DnsFault::garbage) return {query.id_bytes() + "\x81\x80\xff\xff\xff\xff noise that is no DNS packet"};
    if (fault == DnsFault::wrong_id || fault == DnsFault::wrong_question) {
      WireReply forged;
      forged.answers.push_back(forged_record(query.question.name));
      if (fault == DnsFault::wrong_id) about.id ^= 1;
      if (fault == DnsFault::wrong_question) about.question.name = "forged.example";
      packets.push_back(encode_reply(about, forged));
    }
    apply(fault, query, over_tcp, reply);
    packets.push_back(encode_reply(query, reply));
    return packets;
  }

  static void apply(DnsFault fault, const WireQuery& query, bool over_tcp, WireReply& reply) {
    const bool cut = !over_tcp && (fault == DnsFault::truncated || fault == DnsFault::reset_tcp);
    const bool form_error = fault == DnsFault::no_edns && query.edns;
    if (fault == DnsFault::unrelated) reply.answers.insert(reply.answers.begin(), forged_record("other.example"));
    if (cut || form_error || fault == DnsFault::servfail || fault == DnsFault::refused || fault == DnsFault::not_implemented ||
        fault == DnsFault::lame || fault == DnsFault::nxdomain || fault == DnsFault::no_data) {
      reply.answers.clear();
      reply.authority.clear();
      reply.code = 0;
    }
    if (cut) reply.truncated = true;
    if (form_error) reply.code = 1;
    if (fault == DnsFault::servfail) reply.code = 2;
    if (fault == DnsFault::nxdomain) reply.code = 3;
    if (fault == DnsFault::compact_denial && reply.code == 3) reply.code = 0;
    if (fault == DnsFault::not_implemented) reply.code = 4;
    if (fault == DnsFault::refused) reply.code = 5;
    if (fault == DnsFault::lame) reply.recursion_available = reply.authoritative = false;
  }

  std::optional<WireQuery> take(const std::string& packet, bool over_tcp) {
    std::optional<WireQuery> query = decode_query(packet);
    if (query) seen.push_back({query->question, over_tcp, query->edns});
    return query;
  }
};

namespace {

Task<void> wait_for(Duration delay) {
  Timer timer(co_await asio::this_coro::executor, delay);
  co_await timer.async_wait(use_task);
}

template <class State>
Task<void> answer_datagram(std::shared_ptr<State> state, std::string packet, asio::ip::udp::endpoint from) {
  const std::optional<WireQuery> query = state->take(packet, false);
  if (!query) co_return;
  if (state->fault_for(query->question.name) == DnsFault::slow) co_await wait_for(state->delay);
  for (const std::string& reply : state->replies(*query, false)) {
    if (!state->udp.is_open()) co_return;
    const auto [error, size] = co_await state->udp.async_send_to(asio::buffer(reply), from, kTuple);
    if (error) co_return;
  }
}

template <class State>
Task<void> serve_udp(std::shared_ptr<State> state) {
  while (state->udp.is_open()) {
    std::string packet(4096, '\0');
    asio::ip::udp::endpoint from;
    const auto [error, size] = co_await state->udp.async_receive_from(asio::buffer(packet), from, kTuple);
    if (error) continue;
    packet.resize(size);
    asio::co_spawn(state->udp.get_executor(), answer_datagram(state, std::move(packet), from), asio::detached);
  }
}

template <class State>
Task<void> answer_stream(std::shared_ptr<State> state, TcpSocket socket) {
  std::array<std::uint8_t, 2> length{};
  const auto [length_error, ignored] = co_await asio::async_read(socket, asio::buffer(length), kTuple);
  if (length_error) co_return;
  std::string packet(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
  const auto [read_error, size] = co_await asio::async_read(socket, asio::buffer(packet), kTuple);
  if (read_error) co_return;
  const std::optional<WireQuery> query = state->take(packet, true);
  if (!query || state->fault_for(query->question.name) == DnsFault::reset_tcp) co_return;
  if (state->fault_for(query->question.name) == DnsFault::slow) co_await wait_for(state->delay);
  for (const std::string& reply : state->replies(*query, true)) {
    const std::string frame = {static_cast<char>(reply.size() >> 8), static_cast<char>(reply.size())};
    const std::string message = frame + reply;
    const auto [write_error, written] = co_await asio::async_write(socket, asio::buffer(message), kTuple);
    if (write_error) co_return;
  }
}

template <class State>
Task<void> serve_tcp(std::shared_ptr<State> state) {
  while (state->tcp.is_open()) {
    auto [error, socket] = co_await state->tcp.async_accept(kTuple);
    if (error) continue;
    asio::co_spawn(state->tcp.get_executor(), answer_stream(state, std::move(socket)), asio::detached);
  }
}

}  // namespace

// With port 0 the kernel chooses UDP's port, and that of TCP may be taken: then try again.
std::shared_ptr<DnsServer::State> DnsServer::listen(Executor executor, const std::string& address, std::uint16_t port) {
  for (int tries = 1;; ++tries) {
    try {
      return std::make_shared<State>(executor, asio::ip::make_address(address), port);
    } catch (const boost::system::system_error& error) {
      if (port != 0 || tries == 20 || error.code() != boost::asio::error::address_in_use) throw;
    }
  }
}

DnsServer::DnsServer(Executor executor, const std::string& address, std::uint16_t port) : state_(listen(executor, address, port)) {
  asio::co_spawn(executor, serve_udp(state_), asio::detached);
  asio::co_spawn(executor, serve_tcp(state_), asio::detached);
}

DnsServer::~DnsServer() {
  error_code ignored;
  state_->udp.close(ignored);
  state_->tcp.close(ignored);
}

std::uint16_t DnsServer::port() const { return state_->udp.local_endpoint().port(); }

DnsServer& DnsServer::zone(const std::string& apex, std::uint32_t negative_ttl) {
  state_->zones[apex] = {apex, RecordType::soa, negative_ttl, soa_data(apex, negative_ttl)};
  return *this;
}

DnsServer& DnsServer::add(const std::string& name, const std::string& type, const std::string& value, std::uint32_t ttl) {
  state_->names[name].push_back(parse_record(name, type, value, ttl));
  return *this;
}

DnsServer& DnsServer::remove(const std::string& name) {
  state_->names.erase(name);
  return *this;
}

DnsServer& DnsServer::load(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name, word;
    if (!(words >> name)) continue;
    words >> word;
    if (name == "zone") {
      zone(word == "." ? "" : word);
      continue;
    }
    std::uint32_t ttl = 300;
    if (!word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      ttl = static_cast<std::uint32_t>(std::stoul(word));
      words >> word;
    }
    std::string value;
    std::getline(words >> std::ws, value);
    add(name == "." ? "" : name, word, value, ttl);
  }
  return *this;
}

DnsServer& DnsServer::fault(DnsFault fault) {
  state_->general = fault;
  return *this;
}

DnsServer& DnsServer::fault(const std::string& name, DnsFault fault) {
  state_->faults[name] = fault;
  return *this;
}

void DnsServer::set_recursive(bool recursive) { state_->recursive = recursive; }
void DnsServer::set_authenticated(bool authenticated) { state_->authenticated = authenticated; }
void DnsServer::set_delay(Duration delay) { state_->delay = delay; }

const std::vector<DnsServer::Seen>& DnsServer::seen() const { return state_->seen; }

std::size_t DnsServer::seen(const std::string& name, RecordType type) const {
  return static_cast<std::size_t>(std::count_if(state_->seen.begin(), state_->seen.end(),
                                                [&](const Seen& seen) { return seen.question == dns::Question{name, type}; }));
}

}  // namespace mxpress::testing
