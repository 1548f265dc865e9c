// The wire format of the DNS as plain values: writes queries, reads answers. The only user of ldns. RFC 1035 4, RFC 6891.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dns/resolver.h"
#include "proto/result.h"

namespace mxpress::dns {

inline constexpr std::uint16_t kUdpPayloadSize = 1232;  // our offer in EDNS: fits into any path without fragments

enum class Edns { with, without };

// RFC 1035 4.1.1, RFC 6895 2.3.
enum class ReplyCode : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4,
  refused = 5,
  bad_version = 16,
};
std::string to_string(ReplyCode code);   // "NXDOMAIN", "SERVFAIL", "RCODE 11"
std::string to_string(RecordType type);  // "MX", "TYPE99"

struct Record {
  std::string name;  // lower case, no trailing dot; odd octets as \DDD
  RecordType type = RecordType::a;
  std::chrono::seconds ttl{0};
  MxRecord mx;       // MX
  Address address;   // A, AAAA
  std::string text;  // CNAME, NS, PTR: the name; TXT: its strings joined; TLSA and others: raw data
};

struct Packet {
  std::uint16_t id = 0;
  bool is_response = false;
  bool is_truncated = false;  // then no records are returned: ask again by TCP
  bool is_authoritative = false;
  bool recursion_available = false;
  bool authenticated_data = false;
  ReplyCode code = ReplyCode::no_error;
  std::optional<Question> question;
  std::vector<Record> answers;  // class IN only; unreadable records are left out
  // From the SOA in the authority section: its owner, and the smaller of its TTL and its minimum (RFC 2308 5).
  std::optional<std::string> soa_owner;
  std::chrono::seconds negative_ttl{0};
};

using Bytes = std::vector<std::uint8_t>;

// RD and AD set. Fails if the name cannot be put into a packet (label over 63, name over 255 octets, empty label).
Result<Bytes> encode_query(const Question& question, std::uint16_t id, Edns edns);

// Any octets are allowed; octets that are no DNS packet give an Error.
Result<Packet> decode(std::span<const std::uint8_t> bytes);

}  // namespace mxpress::dns
