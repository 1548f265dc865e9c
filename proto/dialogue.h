// The conversation with a mail host as lines, and its form on the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/time.h"

namespace mxpress::proto {

enum class Speaker : std::uint8_t {
  client,
  host,
  tls,  // the result of a handshake
  note  // a remark of mxpress: "connection refused", "[1,234 octets of content]"
};

struct DialogueLine {
  Speaker from = Speaker::note;
  std::string text{};  // without its line end; visible_utf8()
  Duration at{0};      // since the beginning of the connection
};

// One connection to one mail host, as far as it is about one message.
struct HostDialogue {
  std::string host{}, address{};  // "mx1.example.org", "192.0.2.1:25"
  WallTime started{};             // of this connection, or of the message on it
  std::vector<DialogueLine> lines{};
};

// Appends the stored form, or as much of it as `most` octets of `out` in all have room for: lines of the middle are left out, and counted.
void append(std::string& out, const HostDialogue& dialogue, std::size_t most);
// Damaged lines are left out.
std::vector<HostDialogue> parse_dialogues(std::string_view stored);

// "12,345"
std::string with_commas(std::uint64_t number);

}  // namespace mxpress::proto
