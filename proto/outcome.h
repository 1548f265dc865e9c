// What became of a recipient, and what a mail host did: the values that delivery, spool, logs, notices and `mxpress show` share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/status.h"
#include "proto/time.h"

namespace mxpress::proto {

// Where in the conversation something happened.
// Kept on disk as a number: new ones come last.
enum class Stage { lookup, connect, greeting, hello, tls, mail, rcpt, data, content, quit, local, none, auth };
std::string_view to_string(Stage stage);

enum class Outcome {
  untried,  // nothing was said about this recipient: another host may be tried
  delivered,
  deferred,
  failed,
};
std::string_view to_string(Outcome outcome);

// What one host did, or why it could not be asked. Strings are already cleaned: no control characters, printable ASCII, bounded.
struct HostResult {
  Stage stage = Stage::none;
  std::string host;              // "mx1.example.org"; empty when none was reached
  std::string address;           // "192.0.2.1:25", "[2001:db8::1]:25"
  std::string tls;               // "", or "TLSv1.3/TLS_AES_256_GCM_SHA384 (unverified)"
  EnhancedStatus status;         // ours or the host's
  int reply_code = 0;            // 0: our own finding, not a reply
  std::string text;              // the whole reply ("550 5.1.1 no such user") or our own words ("connection refused")
  bool maybe_delivered = false;  // the connection was lost after the final dot

  bool operator==(const HostResult&) const = default;
};

// One host of one attempt, for the life story that `mxpress show` tells.
struct HostAttempt {
  HostResult result;
  WallTime started{};
  Duration connect{0};  // TCP connect; 0 with a session that was reused
  Duration total{0};
  bool reused_session = false;
};

// What `result`, which one message met, says to the senders of other messages that wait for the same host. A reply to MAIL or later may
// name the addresses or the content of the message that got it: it becomes our own finding, with its codes and the stage in our words.
// `since`: when the host's failure began, if known.
HostResult for_other_messages(const HostResult& result, std::optional<WallTime> since);

// RFC 4954 6: the host refuses what this host has signed in with, or wants it to sign in. Whose fault that is, it is no recipient's.
// While signing in other replies count as well, if no mechanism is to blame for them.
bool refuses_login(const HostResult& result);

// Why a message that was held has expired.
inline constexpr std::string_view kHeldTooLong = "held by the operator until its lifetime ended";

// No mail host said it: an operator ended it here.
bool returned_by_operator(const HostResult& result);

struct RecipientResult {
  Outcome outcome = Outcome::untried;
  HostResult last;
};

}  // namespace mxpress::proto
