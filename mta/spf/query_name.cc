// Names for queries: see query_name.h.
#include "mta/spf/query_name.h"

#include <algorithm>
#include <cstdint>

#include "proto/ascii.h"

namespace mxpress::mta::spf {
namespace {

constexpr std::size_t kMostOfName = 253;
constexpr std::size_t kMostOfLabel = 63;

bool has_good_labels(std::string_view name) {
  while (true) {
    const auto end = std::min(name.find('.'), name.size());
    if (end == 0 || end > kMostOfLabel) return false;
    if (end == name.size()) return true;
    name.remove_prefix(end + 1);
  }
}

// As dns/packet.h writes names.
void append_octet(std::string& text, char c) {
  if (c > ' ' && c < 0x7f && c != '\\' && c != '"') {
    text += proto::to_lower(c);
    return;
  }
  const auto octet = static_cast<std::uint8_t>(c);
  text += '\\';
  for (const int digit : {octet / 100, octet / 10 % 10, octet % 10}) text += static_cast<char>('0' + digit);
}

}  // namespace

std::optional<std::string> query_name(std::string_view domain) {
  if (domain.ends_with('.')) domain.remove_suffix(1);
  while (domain.size() > kMostOfName) {
    const auto dot = domain.find('.');
    if (dot == domain.npos) return std::nullopt;
    domain.remove_prefix(dot + 1);
  }
  if (!has_good_labels(domain)) return std::nullopt;
  std::string name;
  for (const char c : domain) append_octet(name, c);
  return name;
}

}  // namespace mxpress::mta::spf
