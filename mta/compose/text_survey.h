// Facts about a text that decide how it can be sent.
#pragma once

#include <cstdint>

#include "mta/compose/source.h"
#include "proto/result.h"

namespace mxpress::mta::compose {

struct TextFacts {
  std::uint64_t octets = 0;
  std::uint64_t lines = 0;      // line ends: LF, with or without a CR in front
  std::uint64_t eight_bit = 0;  // octets over 127
  std::uint64_t longest_line = 0;
  bool is_utf8 = true;
  bool has_nul = false;
  bool has_cr = false;
  bool has_lone_cr = false;  // a CR that no LF follows

  // By its content: RFC 2045 6.
  enum class Encoding { seven_bit, quoted_printable, base64 };
  Encoding encoding() const;
};

// Reads the source once, in constant memory.
Result<TextFacts> survey(const Source& source);

}  // namespace mxpress::mta::compose
