// A name server for tests: RFC 1035 4.1 messages, names without compression except a pointer to the question.
#include "tests/support/practice_internet_dns.h"

#include <algorithm>
#include <optional>

namespace mxpress::testing {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

constexpr std::uint16_t kA = 1, kCname = 5, kSoa = 6, kMx = 15;
constexpr std::size_t kHeader = 12;

std::string number(std::size_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }

std::string wire_name(const std::string& name) {
  std::string wire;
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    wire += static_cast<char>(end - begin) + name.substr(begin, end - begin);
    begin = end + 1;
  }
  return wire + '\0';
}

struct Question {
  std::string name;
  std::uint16_t type = 0;
  std::string wire;
};

std::optional<Question> parse_question(const std::string& query) {
  Question question;
  std::size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    const std::size_t length = static_cast<unsigned char>(query[at]);
    if (length > 63 || at + length + 1 >= query.size()) return std::nullopt;
    question.name += (question.name.empty() ? "" : ".") + query.substr(at + 1, length);
    at += length + 1;
  }
  if (at + 5 > query.size()) return std::nullopt;
  std::transform(question.name.begin(), question.name.end(), question.name.begin(), [](unsigned char c) { return std::tolower(c); });
  question.type = static_cast<std::uint16_t>(static_cast<unsigned char>(query[at + 1]) << 8 | static_cast<unsigned char>(query[at + 2]));
  question.wire = query.substr(kHeader, at + 5 - kHeader);
  return question;
}

std::string record(const std::string& owner, std::uint16_t type, const std::string& data) {
  return owner + number(type) + number(1) + std::string("\0\0\0\x3c", 4) + number(data.size()) + data;
}

std::string address_data(const std::string& text) {
  const auto bytes = asio::ip::make_address_v4(text).to_bytes();
  return {bytes.begin(), bytes.end()};
}

struct Answers {
  std::string wire;
  std::size_t count = 0;
  void add(const std::string& owner, std::uint16_t type, const std::string& data) {
    wire += record(owner, type, data);
    ++count;
  }
};

void add_records(Answers& answers, const std::string& owner, const PracticeRecords& records, std::uint16_t type) {
  if (type == kMx)
    for (const auto& [preference, host] : records.mx) answers.add(owner, kMx, number(preference) + wire_name(host));
  if (type == kA)
    for (const std::string& address : records.addresses) answers.add(owner, kA, address_data(address));
}

std::string soa() {
  return record(wire_name("example"), kSoa, wire_name("ns.example") + wire_name("admin.example") + std::string(19, '\0') + "\x3c");
}

std::string message(const std::string& query, std::size_t flags, const Question& question, const Answers& answers) {
  const bool negative = answers.count == 0;
  return query.substr(0, 2) + number(flags) + number(1) + number(answers.count) + number(negative ? 1 : 0) + number(0) + question.wire +
         answers.wire + (negative ? soa() : "");
}

constexpr std::size_t kAnswer = 0x8180, kTruncated = 0x0200, kServerFailure = 2, kNoSuchName = 3, kRefused = 5;

}  // namespace

PracticeDns::PracticeDns(asio::io_context& io, std::uint16_t port)
    : io_(io), udp_(io, {asio::ip::address_v4::loopback(), port}), tcp_(io, {asio::ip::address_v4::loopback(), port}) {}

void PracticeDns::start() {
  asio::co_spawn(io_, serve_udp(), asio::detached);
  asio::co_spawn(io_, serve_tcp(), asio::detached);
}

std::string PracticeDns::answer(const std::string& query, bool over_tcp) const {
  const auto question = query.size() > kHeader ? parse_question(query) : std::nullopt;
  if (!question) return {};
  const auto found = table.find(question->name);
  if (found == table.end()) return message(query, kAnswer | kNoSuchName, *question, {});
  const PracticeRecords& records = found->second;
  switch (records.fault) {
    case DnsFault::silent:
      return {};
    case DnsFault::server_failure:
      return message(query, kAnswer | kServerFailure, *question, {});
    case DnsFault::refused:
      return message(query, kAnswer | kRefused, *question, {});
    case DnsFault::garbage:
      return query.substr(0, 2) + number(kAnswer) + std::string(300, '\xc0');
    case DnsFault::truncated:
      if (!over_tcp) return message(query, kAnswer | kTruncated, *question, {});
      break;
    default:
      break;
  }
  Answers answers;
  const std::string owner = "\xc0\x0c";  // the question's name
  if (!records.alias.empty()) {
    answers.add(owner, kCname, wire_name(records.alias));
    const auto target = table.find(records.alias);
    if (target != table.end()) add_records(answers, wire_name(records.alias), target->second, question->type);
  }
  add_records(answers, owner, records, question->type);
  std::string reply = message(query, kAnswer, *question, answers);
  if (records.fault == DnsFault::wrong_id) reply[0] = static_cast<char>(~reply[0]);
  return reply;
}

asio::awaitable<void> PracticeDns::serve_udp() {
  std::string buffer(4096, '\0');
  for (;;) {
    udp::endpoint client;
    const auto [error, size] = co_await udp_.async_receive_from(asio::buffer(buffer), client, asio::as_tuple(asio::use_awaitable));
    if (error) continue;  // an ICMP error of an earlier answer
    const std::string reply = answer(buffer.substr(0, size), false);
    if (!reply.empty()) co_await udp_.async_send_to(asio::buffer(reply), client, asio::as_tuple(asio::use_awaitable));
  }
}

asio::awaitable<void> PracticeDns::serve_tcp() {
  for (;;) {
    auto [error, socket] = co_await tcp_.async_accept(asio::as_tuple(asio::use_awaitable));
    if (!error) asio::co_spawn(io_, serve_connection(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> PracticeDns::serve_connection(tcp::socket socket) {
  for (;;) {
    unsigned char length[2];
    auto [no_length, got] = co_await asio::async_read(socket, asio::buffer(length), asio::as_tuple(asio::use_awaitable));
    if (no_length) co_return;
    std::string query(static_cast<std::size_t>(length[0] << 8 | length[1]), '\0');
    auto [no_query, read] = co_await asio::async_read(socket, asio::buffer(query), asio::as_tuple(asio::use_awaitable));
    if (no_query) co_return;
    const std::string reply = answer(query, true);
    if (reply.empty()) co_return;
    const std::string framed = number(reply.size()) + reply;
    auto [failed, written] = co_await asio::async_write(socket, asio::buffer(framed), asio::as_tuple(asio::use_awaitable));
    if (failed) co_return;
  }
}

}  // namespace mxpress::testing
