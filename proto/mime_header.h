// The header of one entity (a message or a part): the fields that describe its body, and its header after a change. RFC 2045, RFC 2046.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mxpress::proto {

enum class Level { message, part };

struct EntityFacts {
  std::string type;      // main value of Content-Type, lower case; empty if there is none
  std::string encoding;  // main value of Content-Transfer-Encoding, lower case; empty if there is none
  std::string boundary;  // parameter of Content-Type, without white space behind it; empty if there is none
  bool has_type = false;
  bool has_version = false;
};

// One pass. The first of repeated fields counts.
EntityFacts read_entity_header(std::string_view header);

// The header with this transfer encoding, and the fields that RFC 2045 4 requires. Ends with CRLF.
std::string with_encoding(std::string_view header, std::string_view encoding, Level level);

}  // namespace mxpress::proto
