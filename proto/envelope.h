// The envelope of a message: the values of MAIL and RCPT. RFC 5321 2.3.1, RFC 3461.
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
enum class BodyType { seven_bit, eight_bit };      // RFC 6152: of the content, found by looking at it

struct Recipient {
  Mailbox mailbox;
  Notify notify;
  // ORCPT as received: "rfc822;user+40example.org", still xtext; empty if not given. RFC 3461 4.2
  std::string original_recipient;
  // Number of ~/.forward files on the way to it. At kMostForwards a user of this host means his own mailbox.
  std::uint8_t forwards{};
};
inline constexpr std::uint8_t kMostForwards = 5;

// The submitter of the message.
struct Submitter {
  // "sendmail", "drop", "smtp" or "mxpressd" (notices).
  std::string entrance;
  // From the kernel (SO_PEERCRED, or the owner of a drop file); -1 when unknown. The only trustworthy field.
  std::int64_t uid = -1;
  std::int64_t pid = -1;
  // Claims from /proc about the pid, such as "php-fpm8.2" and "php8.2-fpm.service". Empty when unknown.
  std::string program;
  std::string unit;
  // For SMTP: the client's "address:port" and its name in HELO or EHLO.
  std::string client_address;
  std::string client_name;
  // The owner whose shares the message uses if `uid` is unknown: over SMTP the user of the client's socket, or the client's network; for a
  // notice, the owner of the message that it reports on.
  ShareOwner share{};
  // The user whose ~/.forward made this message from another one; -1: none. He decides about the number and the place of its recipients, so
  // it uses his shares, and he may see and change it. The sender is still `uid`.
  std::int64_t forwarder = -1;

  ShareOwner share_owner() const { return owner() >= 0 ? ShareOwner::user(owner()) : share; }
  // The uid that may see and change the message; -1: operators only.
  std::int64_t owner() const { return forwarder >= 0 ? forwarder : uid; }
  // The sending user, for addresses that only some users may send as: `uid`, or over loopback the user of the client's socket; -1: unknown.
  // A user who lets others use his socket lets them send as himself, but they get no right to see or change his mail.
  std::int64_t sending_user() const { return uid >= 0 ? uid : share.user_of_socket(); }
};

// The reason why a message was accepted only to be returned: a message in the drop folder of sendmail cannot be refused.
struct Refused {
  EnhancedStatus status{};
  std::string text{};  // empty: not refused
  explicit operator bool() const { return !text.empty(); }
};

// The sender's wish about TLS on the whole way. RFC 8689
enum class TlsWish : std::uint8_t {
  usual,    // none
  require,  // REQUIRETLS: only to hosts whose name and certificate are vouched for, and which pass the wish on
  waive     // "TLS-Required: No" in the header: rather delivered without DANE and MTA-STS than not at all
};

struct Envelope {
  ReversePath reverse_path;
  // The address in From that [sender] may route separately, as Mailbox::to_string(), if it is not the reverse-path; empty: none.
  std::string author{};
  bool is_as_other = false;  // claims a sender address that its submitter may not use; it was accepted to go direct, unsigned
  Refused refused{};         // if set, it is sent to nobody
  std::vector<Recipient> recipients;
  Return ret = Return::unspecified;
  std::string envid;  // still xtext; RFC 3461 4.4
  BodyType body = BodyType::seven_bit;
  bool has_long_lines = false;  // over 998 octets: the content is never sent unchanged. RFC 5321 4.5.3.1.6
  std::string held_because{};   // the key of the configuration that had it accepted as held, as by an operator; empty: none
  bool is_notice = false;       // written by mxpress itself; no notice is sent about it
  Submitter submitter;
  WallTime submitted{};
  TlsWish tls = TlsWish::usual;
};

}  // namespace mxpress::proto
