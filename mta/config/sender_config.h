// The users of sender addresses, and the routes of their mail: [sender."user@example.org"], [sender."@example.org"], [sender."*"].
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

// A user as named in the file: by name or by number.
struct LocalUser {
  std::string name;       // empty: by number
  std::int64_t uid = -1;  // -1: this host had no such user when the file was read
  bool operator==(const LocalUser&) const = default;
};

struct SenderConfig {
  enum class Others : std::uint8_t {
    refuse,  // their mail is refused
    direct   // it is sent to the mail hosts of its recipients, without this host's signature
  };
  std::string route;                            // a key of Config::routes, or kDirectRoute; empty: the route of mail without a table
  std::optional<std::vector<LocalUser>> users;  // may use the address, besides root and mxpressd; nullopt: everybody
  Others others = Others::refuse;
  bool operator==(const SenderConfig&) const = default;
};

// By sender_key() of an address, "@" and a domain, or "*".
using SenderTable = std::map<std::string, SenderConfig, std::less<>>;

// The common form of all spellings of an address: in lower case, without quotes.
std::string sender_key(const proto::Mailbox& mailbox);

}  // namespace mxpress::mta
