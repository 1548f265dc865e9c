// Makes remote text safe for logs, notices, header fields and terminals.
#include "proto/printable.h"

#include <algorithm>

namespace mxpress::proto {

bool is_printable(std::string_view text) {
  unsigned char others = 0;
  for (const char c : text) others |= static_cast<unsigned char>(c - ' ') >= 127 - ' ';
  return others == 0;
}

std::string printable(std::string_view text, std::size_t max) {
  if (is_printable(text)) return std::string(text.substr(0, max));  // nearly always
  std::string clean;
  clean.reserve(std::min(text.size(), max));
  for (std::size_t i = 0; i < text.size() && clean.size() < max; ++i) {
    const auto octet = static_cast<unsigned char>(text[i]);
    const bool line_end = octet == '\r' || octet == '\n';
    if (octet > 127) {
      clean.push_back('?');
    } else if (octet == '\t' || line_end) {
      if (!(octet == '\n' && i > 0 && text[i - 1] == '\r')) clean.push_back(' ');
    } else if (octet >= 32 && octet != 127) {
      clean.push_back(text[i]);
    }
  }
  return clean;
}

}  // namespace mxpress::proto
