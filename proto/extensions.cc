// Reads the extensions in a server's reply to EHLO.
#include "proto/extensions.h"

#include <algorithm>
#include <charconv>

#include "proto/ascii.h"
#include "proto/reply.h"

namespace mxpress::proto {
namespace {

// RFC 1870 4: "SIZE" alone or with 0 states no limit.
std::optional<std::uint64_t> parse_size_limit(std::string_view text) {
  std::uint64_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc() || end != text.data() + text.size() || limit == 0) return std::nullopt;
  return limit;
}

// "PLAIN LOGIN"; once in a line of its own and once as "AUTH=PLAIN", as old clients want it.
void read_mechanisms(std::string_view text, std::vector<std::string>& mechanisms) {
  while (!(text = trimmed(text)).empty() && mechanisms.size() < kMaxMechanisms) {
    const auto end = std::min(text.find(' '), text.size());
    std::string name = upper_case(text.substr(0, end));
    if (std::find(mechanisms.begin(), mechanisms.end(), name) == mechanisms.end()) mechanisms.push_back(std::move(name));
    text.remove_prefix(end);
  }
}

void read_line(std::string_view line, Extensions& extensions) {
  line = trimmed(line);
  const auto space = line.find(' ');
  const std::string keyword = lower_case(line.substr(0, space));
  if (keyword == "pipelining") extensions.pipelining = true;
  if (keyword == "8bitmime") extensions.eight_bit_mime = true;
  if (keyword == "dsn") extensions.dsn = true;
  if (keyword == "starttls") extensions.starttls = true;
  if (keyword == "requiretls") extensions.require_tls = true;
  if (keyword == "enhancedstatuscodes") extensions.enhanced_status_codes = true;
  if (keyword == "smtputf8") extensions.smtputf8 = true;
  if (keyword == "chunking") extensions.chunking = true;
  if (keyword == "binarymime") extensions.binary_mime = true;
  if (keyword == "auth" && space != std::string_view::npos) read_mechanisms(line.substr(space), extensions.auth);
  if (keyword.starts_with("auth=")) read_mechanisms(line.substr(5), extensions.auth);
  if (keyword == "size") {
    extensions.size = true;
    if (space != std::string_view::npos) extensions.size_limit = parse_size_limit(trimmed(line.substr(space)));
  }
}

}  // namespace

Extensions parse_extensions(const Reply& ehlo_reply) {
  Extensions extensions;
  const std::vector<std::string_view> lines = ehlo_reply.lines();
  for (std::size_t i = 1; i < lines.size(); ++i) read_line(lines[i], extensions);
  return extensions;
}

}  // namespace mxpress::proto
