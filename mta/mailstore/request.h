// The request that mxpressd sends to mxpress-deliver, and the reply: one packet each, with the content beside it as an open descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::mta::mailstore {

inline constexpr std::size_t kMaxRequest = 4096;  // octets
inline constexpr std::size_t kMaxReply = 1024;    // octets; longer texts are cut

enum class Format : std::uint8_t {
  automatic,  // Maildir where the user has ~/Maildir/, else mbox
  mbox,       // /var/mail/USER
  maildir     // ~/Maildir/, made where it is missing
};

struct Request {
  Format format = Format::automatic;
  std::string user;       // see is_user_name()
  std::string sender;     // reverse-path without brackets; empty: null
  std::string recipient;  // address, for Delivered-To
  std::string id;         // of the message: letters and digits; a repetition has the same
  std::int64_t time = 0;  // seconds since 1970: when the message was accepted; a repetition has the same
  bool operator==(const Request&) const = default;
};

// Whether the text may name a user of this host: 1 to 64 of letters, digits, '_', '-' and '.', and neither '-' nor '.' in front. So no name
// leads out of a folder.
bool is_user_name(std::string_view text);

// `request` is valid: parse_request() takes what comes of it.
std::string format_request(const Request& request);
// None: it is of another version, or malformed. No field has a control character.
std::optional<Request> parse_request(std::string_view packet);

struct Reply {
  enum class Kind : std::uint8_t { delivered, deferred, no_such_user };
  Kind kind = Kind::deferred;
  std::string text;  // why; one line
  bool operator==(const Reply&) const = default;
};

std::string format_reply(const Reply& reply);
std::optional<Reply> parse_reply(std::string_view packet);

}  // namespace mxpress::mta::mailstore
