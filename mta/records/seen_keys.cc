// Reads and writes the file of seen keys.
#include "mta/records/seen_keys.h"

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "mta/dkim/sha256.h"
#include "mta/system/atomic_file.h"

namespace mxpress::mta::records {

std::string key_id(const proto::Domain& domain, std::string_view selector, const dkim::PublicKey& key) {
  std::string id = domain.text() + " " + std::string(selector) + " ";
  for (const std::uint8_t octet : dkim::sha256(key.octets)) {
    char text[3];
    std::snprintf(text, sizeof text, "%02x", octet);
    id += text;
  }
  return id;
}

SeenKeys parse_seen_keys(std::string_view text) {
  SeenKeys keys;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const auto blank = line.rfind(' ');
    if (blank == std::string_view::npos) continue;
    std::int64_t milliseconds = 0;
    const auto [stop, error] = std::from_chars(line.data() + blank + 1, line.data() + line.size(), milliseconds);
    if (error == std::errc() && stop == line.data() + line.size()) keys.emplace(line.substr(0, blank), WallTime(Duration(milliseconds)));
  }
  return keys;
}

std::string text_of(const SeenKeys& keys) {
  std::string text;
  for (const auto& [id, seen] : keys) text += id + " " + std::to_string(seen.time_since_epoch().count()) + "\n";
  return text;
}

boost::filesystem::path seen_keys_file(const boost::filesystem::path& spool) { return spool / "dkim-seen"; }

Result<SeenKeys> read_seen_keys(const boost::filesystem::path& file) {
  const auto text = system::read_small_file(file);
  if (!text) return text.error();
  return parse_seen_keys(*text);
}

Status write_seen_keys(const boost::filesystem::path& file, const SeenKeys& keys) {
  return system::replace_file(file, text_of(keys), {.mode = 0600});
}

}  // namespace mxpress::mta::records
