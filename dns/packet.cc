// The wire format of the DNS by ldns: see packet.h. ldns redefines bool unless <stdbool.h> came first.
#include <stdbool.h>
// clang-format off
#include <ldns/ldns.h>
// clang-format on

#include "dns/packet.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace mxpress::dns {
namespace {

struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
using PacketHandle = std::unique_ptr<ldns_pkt, FreePacket>;

constexpr std::size_t kHeaderSize = 12;
constexpr std::uint32_t kMaxTtl = 0x7fffffff;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

void append_octet(std::string& text, std::uint8_t octet) {
  const char c = static_cast<char>(octet);
  if (octet > ' ' && octet < 0x7f && c != '.' && c != '\\' && c != '"') {
    text += lower(c);
    return;
  }
  text += '\\';
  text += static_cast<char>('0' + octet / 100);
  text += static_cast<char>('0' + octet / 10 % 10);
  text += static_cast<char>('0' + octet % 10);
}

std::span<const std::uint8_t> data_of(const ldns_rdf* rdf) {
  if (!rdf) return {};
  return {ldns_rdf_data(rdf), ldns_rdf_size(rdf)};
}

// A name in ldns is in wire format without compression: labels with their lengths.
std::string name_text(const ldns_rdf* rdf) {
  const auto data = data_of(rdf);
  std::string text;
  for (std::size_t at = 0; at < data.size() && data[at] != 0; at += data[at] + 1u) {
    if (!text.empty()) text += '.';
    const std::size_t end = std::min<std::size_t>(at + 1 + data[at], data.size());
    for (std::size_t i = at + 1; i < end; ++i) append_octet(text, data[i]);
  }
  return text;
}

std::uint32_t number(std::span<const std::uint8_t> data) {
  std::uint32_t value = 0;
  for (std::uint8_t octet : data) value = value << 8 | octet;
  return value;
}

// RFC 2181 8: a TTL with the highest bit set counts as zero.
std::chrono::seconds ttl_of(std::uint32_t ttl) { return std::chrono::seconds(ttl > kMaxTtl ? 0 : ttl); }

void append_data(std::string& text, std::span<const std::uint8_t> data) {
  text.append(reinterpret_cast<const char*>(data.data()), data.size());
}

bool read_address(const ldns_rr& rr, Record& record) {
  const auto data = data_of(ldns_rr_rdf(&rr, 0));
  record.address.is_v6 = record.type == RecordType::aaaa;
  if (data.size() != (record.address.is_v6 ? 16u : 4u)) return false;
  std::copy(data.begin(), data.end(), record.address.bytes.begin());
  return true;
}

bool read_mx(const ldns_rr& rr, Record& record) {
  if (ldns_rr_rd_count(&rr) != 2) return false;
  record.mx.preference = static_cast<std::uint16_t>(number(data_of(ldns_rr_rdf(&rr, 0))));
  record.mx.host = name_text(ldns_rr_rdf(&rr, 1));
  return true;
}

bool read_text(const ldns_rr& rr, Record& record) {
  const bool is_txt = record.type == RecordType::txt;
  for (std::size_t i = 0; i < ldns_rr_rd_count(&rr); ++i) {
    const auto data = data_of(ldns_rr_rdf(&rr, i));
    append_data(record.text, is_txt && !data.empty() ? data.subspan(1) : data);  // a string of TXT begins with its length
  }
  return true;
}

bool read_data(const ldns_rr& rr, Record& record) {
  switch (record.type) {
    case RecordType::a:
    case RecordType::aaaa:
      return read_address(rr, record);
    case RecordType::mx:
      return read_mx(rr, record);
    case RecordType::cname:
    case RecordType::ns:
    case RecordType::ptr:
      record.text = name_text(ldns_rr_rdf(&rr, 0));
      return ldns_rr_rd_count(&rr) == 1;
    default:
      return read_text(rr, record);
  }
}

void read_answers(const ldns_rr_list* list, Packet& packet) {
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* rr = ldns_rr_list_rr(list, i);
    if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN) continue;
    Record record;
    record.name = name_text(ldns_rr_owner(rr));
    record.type = static_cast<RecordType>(ldns_rr_get_type(rr));
    record.ttl = ttl_of(ldns_rr_ttl(rr));
    if (read_data(*rr, record)) packet.answers.push_back(std::move(record));
  }
}

void read_authority(const ldns_rr_list* list, Packet& packet) {
  constexpr std::size_t kMinimumField = 6;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(list); ++i) {
    const ldns_rr* rr = ldns_rr_list_rr(list, i);
    if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_SOA || ldns_rr_rd_count(rr) <= kMinimumField) continue;
    packet.soa_owner = name_text(ldns_rr_owner(rr));
    packet.negative_ttl = std::min(ttl_of(ldns_rr_ttl(rr)), ttl_of(number(data_of(ldns_rr_rdf(rr, kMinimumField)))));
    return;
  }
}

void read_question(const ldns_rr_list* list, Packet& packet) {
  if (ldns_rr_list_rr_count(list) != 1) return;
  const ldns_rr* rr = ldns_rr_list_rr(list, 0);
  if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN) return;
  packet.question = Question{name_text(ldns_rr_owner(rr)), static_cast<RecordType>(ldns_rr_get_type(rr))};
}

Packet read_header(const ldns_pkt* from) {
  Packet packet;
  packet.id = ldns_pkt_id(from);
  packet.is_response = ldns_pkt_qr(from);
  packet.is_truncated = ldns_pkt_tc(from);
  packet.is_authoritative = ldns_pkt_aa(from);
  packet.recursion_available = ldns_pkt_ra(from);
  packet.authenticated_data = ldns_pkt_ad(from);
  // RFC 6891 6.1.3: the upper eight bits of the code are in the OPT record.
  packet.code = static_cast<ReplyCode>(ldns_pkt_get_rcode(from) | ldns_pkt_edns_extended_rcode(from) << 4);
  return packet;
}

// A truncated answer may end in the middle of a record: only its header and question are read.
Bytes without_records(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t kRecordCounts = 6;
  Bytes copy(bytes.begin(), bytes.end());
  std::fill(copy.begin() + kRecordCounts, copy.begin() + kHeaderSize, 0);
  return copy;
}

bool is_truncated(std::span<const std::uint8_t> bytes) { return bytes.size() >= kHeaderSize && (bytes[2] & 0x02) != 0; }

}  // namespace

std::string to_string(ReplyCode code) {
  switch (code) {
    case ReplyCode::no_error:
      return "NOERROR";
    case ReplyCode::format_error:
      return "FORMERR";
    case ReplyCode::server_failure:
      return "SERVFAIL";
    case ReplyCode::name_error:
      return "NXDOMAIN";
    case ReplyCode::not_implemented:
      return "NOTIMP";
    case ReplyCode::refused:
      return "REFUSED";
    case ReplyCode::bad_version:
      return "BADVERS";
  }
  return "RCODE " + std::to_string(static_cast<unsigned>(code));
}

std::string to_string(RecordType type) {
  switch (type) {
    case RecordType::a:
      return "A";
    case RecordType::ns:
      return "NS";
    case RecordType::cname:
      return "CNAME";
    case RecordType::soa:
      return "SOA";
    case RecordType::ptr:
      return "PTR";
    case RecordType::mx:
      return "MX";
    case RecordType::txt:
      return "TXT";
    case RecordType::aaaa:
      return "AAAA";
    case RecordType::ds:
      return "DS";
    case RecordType::tlsa:
      return "TLSA";
  }
  return "TYPE" + std::to_string(static_cast<unsigned>(type));
}

Result<Bytes> encode_query(const Question& question, std::uint16_t id, Edns edns) {
  ldns_rdf* name = ldns_dname_new_frm_str((question.name + ".").c_str());
  if (!name) return Error::permanent("\"" + question.name + "\" cannot be a name in the DNS");
  // Takes the name.
  PacketHandle packet(ldns_pkt_query_new(name, static_cast<ldns_rr_type>(question.type), LDNS_RR_CLASS_IN, LDNS_RD | LDNS_AD));
  if (!packet) return Error::transient("out of memory");
  ldns_pkt_set_id(packet.get(), id);
  if (edns == Edns::with) ldns_pkt_set_edns_udp_size(packet.get(), kUdpPayloadSize);
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&wire, packet.get(), &size) != LDNS_STATUS_OK) return Error::permanent("\"" + question.name + "\" is too long");
  Bytes bytes(wire, wire + size);
  std::free(wire);
  return bytes;
}

Result<Packet> decode(std::span<const std::uint8_t> bytes) {
  const bool only_header = is_truncated(bytes);
  const Bytes shortened = only_header ? without_records(bytes) : Bytes();
  if (only_header) bytes = shortened;
  ldns_pkt* raw = nullptr;
  const ldns_status status = ldns_wire2pkt(&raw, bytes.data(), bytes.size());
  const PacketHandle handle(status == LDNS_STATUS_OK ? raw : nullptr);
  if (!handle) return Error::transient("not a DNS packet");
  Packet packet = read_header(raw);
  read_question(ldns_pkt_question(raw), packet);
  read_answers(ldns_pkt_answer(raw), packet);
  read_authority(ldns_pkt_authority(raw), packet);
  return packet;
}

}  // namespace mxpress::dns
