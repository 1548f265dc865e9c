// The request that mxpressd sends to mxpress-deliver, and the reply: one packet each, with the content beside it as an open descriptor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mxpress::mta::mailstore {

inline constexpr std::size_t kMaxRequest = 4096;            // octets
inline constexpr std::size_t kMaxForward = 64u << 10;       // octets of a ~/.forward
inline constexpr std::size_t kMaxText = 900;                // octets of another text in a reply; longer ones are cut
inline constexpr std::size_t kMaxReply = kMaxForward + 64;  // octets

enum class Format : std::uint8_t {
  automatic,  // Maildir where the user has ~/Maildir/, else mbox
  mbox,       // /var/mail/USER
  maildir     // ~/Maildir/, made where it is missing
};

// The treatment of the user's ~/.forward.
enum class Forwarding : std::uint8_t {
  first,    // it is the answer where there is one, and nothing is delivered; else the mailbox gets the message
  nothing,  // the mailbox gets the message
  alone     // it is the answer, or that there is none: nothing is delivered
};

struct Request {
  Format format = Format::automatic;
  Forwarding forwarding = Forwarding::first;
  std::string user;                   // see is_user_name()
  std::string sender;                 // reverse-path without brackets; empty: null
  std::string recipient;              // address, for Delivered-To
  std::string id;                     // of the message: letters and digits; a repetition has the same
  std::int64_t time = 0;              // seconds since 1970: when the message was accepted; a repetition has the same
  std::int64_t offset = 0, size = 0;  // octets of the content in its file
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
  enum class Kind : std::uint8_t {
    delivered,
    deferred,
    no_such_user,
    forward,    // the text is that of the user's ~/.forward
    no_forward  // there is none to follow
  };
  Kind kind = Kind::deferred;
  // One line: why; or why there is a ~/.forward that is not followed (delivered, no_forward). Of `forward` any octets but NUL, up to
  // kMaxForward, and not empty.
  std::string text;
  std::int64_t uid = -1;  // of `forward`: whose file it is, 1 or more
  bool operator==(const Reply&) const = default;
};

std::string format_reply(const Reply& reply);
std::optional<Reply> parse_reply(std::string_view packet);

}  // namespace mxpress::mta::mailstore
