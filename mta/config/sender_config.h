// Who may send as whom, and which way such mail takes: [sender."user@example.org"], [sender."@example.org"], [sender."*"].
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mxpress::proto {
class Mailbox;
}

namespace mxpress::mta {

// As the file names him: by name or by number.
struct LocalUser {
  std::string name;       // empty: by number
  std::int64_t uid = -1;  // -1: this host had no such user when the file was read
  bool operator==(const LocalUser&) const = default;
};

struct SenderConfig {
  enum class Others : std::uint8_t {
    refuse,  // their mail is not taken in
    direct   // it goes to the mail hosts of its recipients, without this host's signature
  };
  std::string route;                            // a key of Config::routes, or kDirectRoute; empty: that of mail without a table
  std::optional<std::vector<LocalUser>> users;  // who may send so, besides root and mxpressd; none: everybody
  Others others = Others::refuse;
  bool operator==(const SenderConfig&) const = default;
};

// By sender_key() of an address, "@" and a domain, or "*".
using SenderTable = std::map<std::string, SenderConfig, std::less<>>;

// What all ways of writing an address have in common: in lower case, without quotes.
std::string sender_key(const proto::Mailbox& mailbox);

}  // namespace mxpress::mta
