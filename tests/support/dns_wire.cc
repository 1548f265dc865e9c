// The wire format of the DNS for the test server: see dns_wire.h. RFC 1035 4.1.
#include "tests/support/dns_wire.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>
#include <stdexcept>

namespace mxpress::testing {
namespace {

using dns::RecordType;

constexpr std::size_t kHeaderSize = 12;

std::string u16(std::uint32_t value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
std::string u32(std::uint32_t value) { return u16(value >> 16) + u16(value & 0xffff); }

std::uint16_t read_u16(const std::string& packet, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(packet[at]) << 8 | static_cast<unsigned char>(packet[at + 1]));
}

std::string address_data(const std::string& value, bool v6) {
  const Result<dns::Address> address = dns::Address::parse(value);
  if (!address || address->is_v6 != v6) throw std::invalid_argument("not an address: " + value);
  return std::string(reinterpret_cast<const char*>(address->bytes.data()), v6 ? 16 : 4);
}

std::string mx_data(const std::string& value) {
  std::istringstream words(value);
  std::uint32_t preference = 0;
  std::string host;
  if (!(words >> preference >> host)) throw std::invalid_argument("not an MX: " + value);
  return u16(preference) + write_name(host == "." ? "" : host);
}

std::string txt_data(const std::string& value) {
  std::string data;
  for (std::size_t at = 0; at < value.size() || data.empty(); at += 255) {
    const std::string part = value.substr(at, 255);
    data += static_cast<char>(part.size()) + part;
  }
  return data;
}

std::string encode(const WireRecord& record) {
  return write_name(record.name) + u16(static_cast<std::uint16_t>(record.type)) + u16(1) + u32(record.ttl) +
         u16(static_cast<std::uint32_t>(record.data.size())) + record.data;
}

std::string encode_flags(const WireReply& reply) {
  const int first = 0x81 | (reply.authoritative ? 0x04 : 0) | (reply.truncated ? 0x02 : 0);
  const int second = (reply.recursion_available ? 0x80 : 0) | (reply.authenticated_data ? 0x20 : 0) | reply.code;
  return {static_cast<char>(first), static_cast<char>(second)};
}

}  // namespace

std::string WireQuery::id_bytes() const { return u16(id); }

std::string write_name(const std::string& name) {
  std::string wire;
  std::istringstream labels(name);
  for (std::string label; std::getline(labels, label, '.');) {
    if (label.empty() || label.size() > 63) throw std::invalid_argument("not a name: " + name);
    wire += static_cast<char>(label.size()) + label;
  }
  return wire + '\0';
}

std::string read_name(const std::string& wire) {
  std::string name;
  for (std::size_t at = 0; at < wire.size() && wire[at] != 0; at += 1 + static_cast<unsigned char>(wire[at])) {
    name += (name.empty() ? "" : ".") + wire.substr(at + 1, static_cast<unsigned char>(wire[at]));
  }
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::string soa_data(const std::string& apex, std::uint32_t minimum) {
  return write_name(apex) + write_name(apex) + u32(1) + u32(3600) + u32(600) + u32(86400) + u32(minimum);
}

WireRecord parse_record(const std::string& name, const std::string& type, const std::string& value, std::uint32_t ttl) {
  if (type == "A") return {name, RecordType::a, ttl, address_data(value, false)};
  if (type == "AAAA") return {name, RecordType::aaaa, ttl, address_data(value, true)};
  if (type == "MX") return {name, RecordType::mx, ttl, mx_data(value)};
  if (type == "TXT") return {name, RecordType::txt, ttl, txt_data(value)};
  static const std::map<std::string, RecordType> kOfNames{{"CNAME", RecordType::cname}, {"NS", RecordType::ns}, {"PTR", RecordType::ptr}};
  const auto found = kOfNames.find(type);
  if (found == kOfNames.end()) throw std::invalid_argument("not a record type: " + type);
  return {name, found->second, ttl, write_name(value == "." ? "" : value)};
}

std::optional<WireQuery> decode_query(const std::string& packet) {
  if (packet.size() < kHeaderSize + 5 || read_u16(packet, 4) != 1) return std::nullopt;
  WireQuery query;
  query.id = read_u16(packet, 0);
  const std::size_t name_end = packet.find('\0', kHeaderSize);
  if (name_end == std::string::npos || name_end + 5 > packet.size()) return std::nullopt;
  query.question.name = read_name(packet.substr(kHeaderSize, name_end + 1 - kHeaderSize));
  query.question.type = static_cast<RecordType>(read_u16(packet, name_end + 1));
  query.edns = read_u16(packet, 10) == 1;
  return query;
}

std::string encode_reply(const WireQuery& query, const WireReply& reply) {
  std::string packet = u16(query.id) + encode_flags(reply) + u16(1) + u16(static_cast<std::uint32_t>(reply.answers.size())) +
                       u16(static_cast<std::uint32_t>(reply.authority.size())) + u16(0);
  packet += write_name(query.question.name) + u16(static_cast<std::uint16_t>(query.question.type)) + u16(1);
  for (const WireRecord& record : reply.answers) packet += encode(record);
  for (const WireRecord& record : reply.authority) packet += encode(record);
  return packet;
}

}  // namespace mxpress::testing
