// The envelope of a message: what MAIL and RCPT said. RFC 5321 2.3.1, RFC 3461.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/mailbox.h"
#include "proto/share_owner.h"
#include "proto/status.h"
#include "proto/time.h"

namespace mxpress::proto {

// RFC 3461 4.1; without NOTIFY: failure (and, by our default, delay).
struct Notify {
  bool given = false;
  bool success = false;
  bool failure = false;
  bool delay = false;
  bool never() const { return given && !success && !failure && !delay; }
  bool wants_failure() const { return !given || failure; }
  bool wants_delay() const { return !given || delay; }
};

enum class Return { unspecified, headers, full };  // RFC 3461 4.3
enum class BodyType { seven_bit, eight_bit };      // RFC 6152: what the content is, found by looking at it

struct Recipient {
  Mailbox mailbox;
  Notify notify;
  // ORCPT as received: "rfc822;user+40example.org", still xtext; empty if not given. RFC 3461 4.2
  std::string original_recipient;
  // How many ~/.forward have led to it, one after the other. kMostForwards: of a user of this host it means his own mailbox.
  std::uint8_t forwards{};
};
inline constexpr std::uint8_t kMostForwards = 5;

// Who handed the message in.
struct Submitter {
  // "sendmail", "drop", "smtp" or "mxpressd" (notices).
  std::string entrance;
  // From the kernel (SO_PEERCRED, or the owner of a drop file); -1 when unknown. The only part to be believed.
  std::int64_t uid = -1;
  std::int64_t pid = -1;
  // Claims: what /proc said about the pid, such as "php-fpm8.2" and "php8.2-fpm.service". Empty when unknown.
  std::string program;
  std::string unit;
  // For SMTP: the client's "address:port" and what it said in HELO or EHLO.
  std::string client_address;
  std::string client_name;
  // Whose shares the message uses where `uid` is unknown: over SMTP the user whom the client's socket names, or the client's network; of a
  // notice, the owner of the message it tells of.
  ShareOwner share{};
  // The user whose ~/.forward has made the message of another one; -1: none has. He decides how many recipients it has and where they are,
  // so it uses his shares, and he may see and change it. Who sends it is still `uid`.
  std::int64_t forwarder = -1;

  ShareOwner share_owner() const { return owner() >= 0 ? ShareOwner::user(owner()) : share; }
  // The uid that may see and change the message; -1: nobody but operators.
  std::int64_t owner() const { return forwarder >= 0 ? forwarder : uid; }
  // The user who sends, for what only some may send as: `uid`, or over loopback the one whom the client's socket names; -1: not known. Who
  // lets others use a socket lets them send as himself; it gives them no right to see or change his mail.
  std::int64_t sending_user() const { return uid >= 0 ? uid : share.user_of_socket(); }
};

// Why a message was taken in only to be returned: nobody hears a refusal of what sendmail has left in the drop folder.
struct Refused {
  EnhancedStatus status{};
  std::string text{};  // empty: it was not refused
  explicit operator bool() const { return !text.empty(); }
};

struct Envelope {
  ReversePath reverse_path;
  // The address in From that may have a way of its own by [sender], as Mailbox::to_string(), if it is not the reverse-path; empty: none.
  std::string author{};
  bool is_as_other = false;  // it claims an address as which its submitter may not send, and was taken in to go direct, unsigned
  Refused refused{};         // it is sent to nobody
  std::vector<Recipient> recipients;
  Return ret = Return::unspecified;
  std::string envid;  // still xtext; RFC 3461 4.4
  BodyType body = BodyType::seven_bit;
  bool has_long_lines = false;  // over 998 octets, found by looking: the content is never sent as it is. RFC 5321 4.5.3.1.6
  std::string held_because{};   // taken in as if an operator had held it, by the configuration: which key says so; empty: it was not
  bool is_notice = false;       // composed by mxpress itself; never answered by another notice
  Submitter submitter;
  WallTime submitted{};
};

}  // namespace mxpress::proto
