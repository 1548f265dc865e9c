// The wire format of the DNS for the test server, written apart from dns/packet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dns/resolver.h"

namespace mxpress::testing {

struct WireRecord {
  std::string name;
  dns::RecordType type = dns::RecordType::a;
  std::uint32_t ttl = 0;
  std::string data;  // as on the wire, without compression
};

struct WireQuery {
  std::uint16_t id = 0;
  dns::Question question;
  bool edns = false;
  std::string id_bytes() const;
};

struct WireReply {
  int code = 0;
  bool truncated = false;
  bool authoritative = false;
  bool recursion_available = true;
  bool authenticated_data = false;
  std::vector<WireRecord> answers;
  std::vector<WireRecord> authority;
};

std::string write_name(const std::string& name);
std::string read_name(const std::string& wire);
std::string soa_data(const std::string& apex, std::uint32_t minimum);
// Throws std::invalid_argument.
WireRecord parse_record(const std::string& name, const std::string& type, const std::string& value, std::uint32_t ttl);

std::optional<WireQuery> decode_query(const std::string& packet);
std::string encode_reply(const WireQuery& query, const WireReply& reply);

}  // namespace mxpress::testing
