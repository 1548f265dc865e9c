// The request from mxpressd to mxpress-deliver, and the reply: one packet each, with the content as an open descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::mta::mailstore {

inline constexpr std::size_t kMaxRequest = 4096;            // octets
inline constexpr std::size_t kMaxAddress = 1200;            // octets: no mailbox is longer (proto/mailbox.h, proto/domain.h)
inline constexpr std::size_t kMaxForward = 64u << 10;       // octets of a ~/.forward
inline constexpr std::size_t kMaxText = 900;                // octets of other text in a reply; longer text is cut
inline constexpr std::size_t kMaxReply = kMaxForward + 64;  // octets

enum class Format : std::uint8_t {
  automatic,  // Maildir if the user has ~/Maildir/, else mbox
  mbox,       // /var/mail/USER
  maildir     // ~/Maildir/, created if it is missing
};

// The handling of the user's ~/.forward.
enum class Forwarding : std::uint8_t {
  first,    // if there is one, it is the reply and nothing is delivered; else the mailbox gets the message
  nothing,  // the mailbox gets the message
  alone     // the reply has it, or says that there is none: nothing is delivered
};

struct Request {
  Format format = Format::automatic;
  Forwarding forwarding = Forwarding::first;
  std::string user;                   // see is_user_name()
  std::string sender;                 // reverse-path without brackets; empty: null
  std::string recipient;              // address, for Delivered-To
  std::string id;                     // of the message: letters and digits; the same in a repetition
  std::int64_t time = 0;              // seconds since 1970: when the message was accepted; the same in a repetition
  std::int64_t offset = 0, size = 0;  // octets of the content in its file
  bool operator==(const Request&) const = default;
};

// True if the text may name a user of this host: 1 to 64 letters, digits, '_', '-' and '.', not beginning with '-' or '.'. So no name leads
// out of a folder.
bool is_user_name(std::string_view text);

// `request` must be valid: parse_request() accepts the result.
std::string format_request(const Request& request);
// Nullopt: it is of another version, or malformed. No field has a control character.
std::optional<Request> parse_request(std::string_view packet);

struct Reply {
  enum class Kind : std::uint8_t {
    delivered,
    deferred,
    no_such_user,
    forward,    // the text is that of the user's ~/.forward
    no_forward  // there is no valid one
  };
  Kind kind = Kind::deferred;
  // One line: the reason; or why an existing ~/.forward is not followed (delivered, no_forward). For `forward` any octets except NUL, up to
  // kMaxForward, and not empty.
  std::string text;
  std::int64_t uid = -1;  // for `forward`: owner of the file, 1 or more
  bool has_come = true;   // false: mxpress-deliver has sent none, and the text says why
  bool operator==(const Reply&) const = default;
};

std::string format_reply(const Reply& reply);
std::optional<Reply> parse_reply(std::string_view packet);

}  // namespace mxpress::mta::mailstore
